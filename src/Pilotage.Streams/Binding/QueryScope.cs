using Pilotage.Core;
using Pilotage.Streams.Expressions;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams.Binding;

/// <summary>What a question may say and a pipeline may not: what time it is now, and devices by name.</summary>
internal sealed class QueryScope(long nowNs, Func<string, Outcome<DeviceId>> resolve)
{
    private readonly List<DeviceId> _devices = [];

    public long NowNs => nowNs;

    /// <summary>The devices that the question names, by their place.</summary>
    public IReadOnlyList<DeviceId> Devices => _devices;

    /// <summary>A comparison of the device with a text, which names one; null where it is none.</summary>
    public Typed? DeviceIs(BinarySyntax binary, Typed left, Typed right)
    {
        var named = left.Type == ColumnType.Device ? binary.Right : right.Type == ColumnType.Device ? binary.Left : null;
        if (named is not TextSyntax text)
        {
            return null;
        }

        if (binary.Operator is not ("=" or "<>"))
        {
            throw CompileFault.Type(binary.At, $"A device can be equal or not, there is no {binary.Operator}.");
        }

        if (!resolve(text.Value).TryGet(out var device, out var refusal))
        {
            throw new CompileFault("pipeline.unknown_device", text.At, refusal.Message);
        }

        Scalar test = new DeviceIsScalar(PlaceOf(device));
        return new(binary.Operator == "=" ? test : new NotScalar(test), ColumnType.Boolean, null, binary.At);
    }

    /// <summary>A text that is compared with a time is one.</summary>
    public static Typed AsTime(ExpressionSyntax syntax, Typed value, Typed other) =>
        syntax is TextSyntax text && other.IsTime ? TimeText.Bind(text.At, text.Value) : value;

    /// <summary>The name of a column; one that computes and bears none is called by what it computes.</summary>
    public static string NameOf(SelectItemSyntax item, IReadOnlyList<NamedItem> before)
    {
        switch (item)
        {
            case { Alias: { } alias }:
                return alias.Text;
            case { Expression: ColumnSyntax column }:
                return column.Name;
        }

        var plain = item.Expression is CallSyntax call ? call.Name.Split(' ')[0].ToLowerInvariant() : $"column_{before.Count + 1}";
        var name = plain;
        for (var again = 2; before.Any(other => other.Name == name); again++)
        {
            name = $"{plain}_{again}";
        }

        return name;
    }

    private int PlaceOf(DeviceId device)
    {
        var place = _devices.IndexOf(device);
        if (place < 0)
        {
            place = _devices.Count;
            _devices.Add(device);
        }

        return place;
    }
}
