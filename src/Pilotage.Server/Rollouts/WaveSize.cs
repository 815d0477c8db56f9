using System.Globalization;

namespace Pilotage.Server.Rollouts;

/// <summary>How many devices a wave takes: a number, a share of all targets, or the rest.</summary>
public readonly record struct WaveSize
{
    private readonly double _value;
    private readonly bool _share;

    private WaveSize(double value, bool share)
    {
        _value = value;
        _share = share;
    }

    /// <summary>All that no wave before took.</summary>
    public static WaveSize Rest { get; } = new(double.PositiveInfinity, share: false);

    /// <summary>Reads <c>2</c>, <c>10%</c> or <c>rest</c>.</summary>
    public static Outcome<WaveSize> Parse(string text)
    {
        if (text == "rest")
        {
            return Rest;
        }

        var share = text.EndsWith('%');
        var digits = share ? text[..^1] : text;
        if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            || !double.IsFinite(value) || value <= 0 || (share ? value > 100 : value != Math.Floor(value)))
        {
            return new Refusal("rollout.wave_size", $"'{text}' is not the size of a wave; write a whole number, a share such as 10%, or rest.");
        }

        return new WaveSize(value, share);
    }

    /// <summary>How many of <paramref name="total"/> devices; a share is at least one device, and no wave takes more than remain.</summary>
    public int Of(int total, int remaining)
    {
        var wanted = _share ? Math.Max(1, Math.Ceiling(total * _value / 100)) : _value;
        return (int)Math.Min(wanted, remaining);
    }

    /// <inheritdoc/>
    public override string ToString() => double.IsInfinity(_value) ? "rest" : _value.ToString(CultureInfo.InvariantCulture) + (_share ? "%" : "");
}
