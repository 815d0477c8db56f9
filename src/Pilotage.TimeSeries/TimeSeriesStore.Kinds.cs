using Pilotage.Core;

namespace Pilotage.TimeSeries;

/// <content>What kind of values a series holds: decided once, by whoever comes first, and kept.</content>
public sealed partial class TimeSeriesStore
{
    /// <summary>What a series holds; null while nothing asked for it.</summary>
    public SeriesKind? KindOf(SeriesKey key)
    {
        lock (_gate)
        {
            return StateOf(key)?.Kind;
        }
    }

    /// <summary>The kind of each series; one that has none takes the kind given, and keeps it as long as the store is open.</summary>
    /// <remarks>What was only settled, and never stored, is open again after the next start.</remarks>
    public SeriesKind[] Settle(TenantId tenant, DeviceId device, ReadOnlySpan<string> properties, ReadOnlySpan<SeriesKind> kinds)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(kinds.Length, properties.Length, nameof(kinds));
        var settled = new SeriesKind[properties.Length];
        lock (_gate)
        {
            var series = _shapes.Device(tenant, device);
            for (var i = 0; i < settled.Length; i++)
            {
                settled[i] = series.Of(properties[i]).Settle(kinds[i]);
            }
        }

        return settled;
    }

    /// <summary>Makes values what their series hold, where nothing is lost by it: true becomes 1 in a series of numbers.</summary>
    /// <returns>For each value why it cannot be stored; null where it can.</returns>
    public string?[] Admit(TenantId tenant, DeviceId device, ReadOnlySpan<string> properties, Span<SeriesValue> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, properties.Length, nameof(values));
        var reasons = new string?[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            // A value that is refused for itself does not decide what its series holds.
            reasons[i] = values[i].WhyNot(_options.TextBytesMax);
            if (reasons[i] is null)
            {
                var kind = Settle(tenant, device, properties.Slice(i, 1), [values[i].Kind])[0];
                reasons[i] = values[i].TryAs(kind, out values[i])
                    ? null
                    : $"{NameOf(values[i].Kind)} does not fit its series, which holds {NameOf(kind)}";
            }
        }

        return reasons;
    }

    private void CheckTexts(PointBatch batch, BatchRow row)
    {
        for (var i = 0; i < row.Count; i++)
        {
            if (batch.TextOf(row, i) is { } text && new SeriesValue(batch.KindsOf(row)[i], 0, text).WhyNot(_options.TextBytesMax) is { } why)
            {
                throw new ArgumentException($"{batch.PropertiesOf(row)[i]} of {row.Device} cannot be stored: {why}.", nameof(batch));
            }
        }
    }

    private static string NameOf(SeriesKind kind) => kind switch
    {
        SeriesKind.Number => "numbers",
        SeriesKind.Whole => "whole numbers",
        SeriesKind.Truth => "true and false",
        SeriesKind.Text => "text",
        _ => "JSON",
    };

    private static ArgumentException Misfit(BatchRow row) =>
        new($"A value of {row.Device} is not of the kind of its series; {nameof(Admit)} makes values fit.");
}
