using Pilotage.Protocols.SenML;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Turns a pack of SenML into rows of one device.</summary>
/// <remarks>
/// The property is what follows the last <c>:</c> or <c>/</c> of the name: a name of SenML names the whole world's device first,
/// and which device it is the topic or the path said already. The same name is the same property in whatever pack it comes. Where
/// two names of a pack would fall together, or one name has two units, the second is not stored: it would overwrite the first.
/// </remarks>
internal static class SenMLTelemetry
{
    /// <summary>What the name of a property ends in that is the sum of another one over time.</summary>
    public const string SumEnding = ".sum";

    private const string DeviceUrn = "urn:dev:";
    private const int DeviceUrnColons = 3;

    /// <summary>Reads a pack.</summary>
    /// <param name="pack">The pack, or why it was refused.</param>
    /// <param name="receivedNs">Times may lie a day ahead of it, and no more.</param>
    /// <param name="faults">Takes what could not be stored, record by record.</param>
    public static IReadOnlyList<TelemetryRow> Read(Outcome<SenMLPack> pack, long receivedNs, ReadingFaults faults)
    {
        if (!pack.TryGet(out var read, out var refusal))
        {
            faults.Add("pack", "SenML: " + refusal.Message);
            return [];
        }

        foreach (var fault in read.Faults)
        {
            faults.Add($"record {fault.Index}, {fault.Field}", fault.Says);
        }

        var rows = new RowGathering();
        var first = new Dictionary<string, SenMLValue>(StringComparer.Ordinal);
        foreach (var value in read.Values)
        {
            if (Add(value, receivedNs, rows, first) is { } why)
            {
                faults.Add($"record {value.Index}", why);
            }
        }

        if (read.Values.Count == 0 && faults.Count == 0)
        {
            faults.Add("pack", "there is no value in the pack");
        }

        var units = first.Where(pair => pair.Value.Unit is not null).ToDictionary(pair => pair.Key, pair => pair.Value.Unit!, StringComparer.Ordinal);
        return units.Count == 0 ? rows.ToRows() : [.. rows.ToRows().Select(row => row with { Units = units })];
    }

    /// <summary>The property of a name: what follows the last <c>:</c> or <c>/</c>; of a device's URN with a component, the component.</summary>
    /// <remarks>RFC 9039, section 4: <c>urn:dev:ow:10e2073a01080063_temperature</c>.</remarks>
    public static string PropertyOf(string name)
    {
        var last = name[(name.LastIndexOfAny([':', '/']) + 1)..];
        var component = last.IndexOf('_', StringComparison.Ordinal);
        var isUrnAlone = name.StartsWith(DeviceUrn, StringComparison.Ordinal) && name.AsSpan().Count(':') == DeviceUrnColons && !name.Contains('/', StringComparison.Ordinal);
        return isUrnAlone && component >= 0 ? last[(component + 1)..] : last;
    }

    private static string? Add(SenMLValue value, long receivedNs, RowGathering rows, Dictionary<string, SenMLValue> first)
    {
        var property = PropertyOf(value.Name);
        property = value.IsSum ? property + SumEnding : property;
        if (first.TryGetValue(property, out var known))
        {
            if (known.Name != value.Name)
            {
                return $"{value.Name} would be the same property as {known.Name} of record {known.Index}; send what is another device's to its own topic";
            }

            if (known.Unit != value.Unit)
            {
                return $"{value.Name} is in {value.Unit ?? "no unit"} here and in {known.Unit ?? "no unit"} in record {known.Index}; give it a name of its own";
            }
        }

        if (!Timestamps.TryNanoseconds(value.TimeNs, receivedNs, out var why))
        {
            return why;
        }

        why = rows.Add(value.TimeNs, property, value.Value);
        if (why is null)
        {
            first.TryAdd(property, value);
        }

        return why;
    }
}
