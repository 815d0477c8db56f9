using System.Globalization;
using System.Text.Json.Nodes;
using Pilotage.Cli.Demo.Devices;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>Messages as the senders know them against rows as the store returns them, value by value.</summary>
internal sealed record MessageAccount(long Sent, long Acked, long Stored, long Missing, long Duplicate, long Altered)
{
    private const int AtOnce = 4;
    private const int PointsMax = 10_000;

    public static async Task<MessageAccount> TakeAsync(DemoWorld world, CancellationToken cancellation)
    {
        long stored = 0, missing = 0, duplicate = 0, altered = 0;
        var counted = await CountsAsync(world, cancellation);
        await Parallel.ForEachAsync(world.Told, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (device, token) =>
        {
            var rows = await RowsAsync(world, device, token);
            var (lost, changed, invented) = Compare(device, rows);
            Interlocked.Add(ref stored, rows.Count);
            Interlocked.Add(ref missing, lost);
            Interlocked.Add(ref altered, changed);
            // A row nobody sent is worse than a repeated one and counts as such here; repeats are told by the server.
            Interlocked.Add(ref duplicate, invented + Math.Max(0, counted.GetValueOrDefault(device.Id) - rows.Count));
        });
        return new(world.Messages.Sent, world.Messages.Acked, stored, missing, duplicate, altered);
    }

    public JsonObject ToJson() => new()
    {
        ["sent"] = Sent,
        ["acked"] = Acked,
        ["stored"] = Stored,
        ["missing"] = Missing,
        ["duplicate"] = Duplicate,
        ["altered"] = Altered,
    };

    /// <summary>Messages the server counted as stored, by device.</summary>
    private static async Task<Dictionary<string, long>> CountsAsync(DemoWorld world, CancellationToken cancellation)
    {
        var answer = await world.Api.GetAsync("api/v1/messages/account", cancellation);
        var rows = answer is JsonArray list ? [.. list] : Read.Rows(answer, "devices|items");
        return rows.ToDictionary(row => Read.Text(row, "device|id"), row => (long)(Read.Number(row, "stored|messages") ?? 0), StringComparer.Ordinal);
    }

    private static async Task<SortedDictionary<int, double[]>> RowsAsync(DemoWorld world, ToldDevice device, CancellationToken cancellation)
    {
        var rows = new SortedDictionary<int, double[]>();
        for (var column = 0; column < world.Fleet.Properties.Count; column++)
        {
            var series = await world.Api.GetAsync($"api/v1/devices/{Uri.EscapeDataString(device.Id)}/series/{world.Fleet.Properties[column]}?points={PointsMax}", cancellation);
            foreach (var point in Read.Rows(series, "points"))
            {
                var cycle = (int)Math.Round((Time(point) - ReplayedDevice.T0).TotalHours);
                if (!rows.TryGetValue(cycle, out var values))
                {
                    values = new double[world.Fleet.Properties.Count];
                    Array.Fill(values, double.NaN);
                    rows[cycle] = values;
                }

                values[column] = Value(point);
            }
        }

        return rows;
    }

    private static (long Missing, long Altered, long Invented) Compare(ToldDevice device, SortedDictionary<int, double[]> rows)
    {
        long missing = 0, altered = 0;
        var told = device.Cycles();
        for (var cycle = 1; cycle <= told; cycle++)
        {
            if (!rows.TryGetValue(cycle, out var values))
            {
                missing++;
            }
            else if (!values.AsSpan().SequenceEqual(device.Unit.Rows[cycle - 1]))
            {
                altered++;
            }
        }

        return (missing, altered, rows.Keys.Count(cycle => cycle < 1 || cycle > told));
    }

    private static DateTimeOffset Time(JsonNode? point) => point is JsonArray pair
        ? DateTimeOffset.Parse(pair[0]!.ToString(), CultureInfo.InvariantCulture)
        : Read.Number(point, "ts|time") is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds((long)ms) : DateTimeOffset.Parse(Read.Text(point, "ts|time"), CultureInfo.InvariantCulture);

    private static double Value(JsonNode? point) => point is JsonArray pair ? pair[1]!.GetValue<double>() : Read.Number(point, "value|avg") ?? double.NaN;
}
