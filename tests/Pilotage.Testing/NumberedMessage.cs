using Pilotage.Core;
using Pilotage.TimeSeries;

namespace Pilotage.Testing;

/// <summary>Messages for a store that their number, which is their time, tells whole: of some devices doubles alone, of others every kind.</summary>
public static class NumberedMessage
{
    private static readonly string[] Properties = ["id", "x", "y", "count", "on", "state", "document"];
    private static readonly string[] States = ["", "idle", "running", "défaut ⚠", "stopped by hand"];
    private const int Doubles = 3;
    private const int AloneEvery = 7;

    public static PointBatch Of(long number, int devices)
    {
        var batch = new PointBatch { ReceivedNs = number + 5 };
        var values = Values(number, devices);
        batch.AddRow(StoreFixture.Tenant, Device(number, devices), number, number + 3, Properties[..values.Length], values, Quality.Good);
        return batch;
    }

    /// <summary>All that is stored of the devices, in order of arrival.</summary>
    public static IEnumerable<ArrivedTypedRow> All(TimeSeriesStore store, int devices) => store.ReplayTyped(
        StoreFixture.Tenant, [.. Enumerable.Range(0, devices).Select(i => Device(i, devices))], Properties, long.MinValue, long.MaxValue);

    /// <summary>Whether a row is the message of its number.</summary>
    public static bool IsIntact(ArrivedTypedRow row, int devices)
    {
        var expected = Values(row.TimeNs, devices);
        return row.Device == Device(row.TimeNs, devices)
            && row.Values.Take(expected.Length).SequenceEqual(expected.Select(value => (SeriesValue?)value))
            && row.Values.Skip(expected.Length).All(value => value is null);
    }

    private static DeviceId Device(long number, int devices) => new($"d{number % devices}");

    private static SeriesValue[] Values(long number, int devices)
    {
        SeriesValue[] all =
        [
            SeriesValue.Of(number),
            SeriesValue.Of(Math.Sin(number)),
            SeriesValue.Of(Math.Round(Math.Cos(number), 2)),
            SeriesValue.OfWhole(long.MaxValue - number),
            SeriesValue.OfTruth(number / devices % 3 == 0),
            SeriesValue.OfText(number % AloneEvery == 0 ? $"stopped by {number}" : States[number % States.Length]),
            SeriesValue.OfJson($"{{\"n\":{number}}}"),
        ];
        return number % devices == 0 ? all[..Doubles] : all;
    }
}
