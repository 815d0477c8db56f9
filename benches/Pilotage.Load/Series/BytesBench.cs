using System.Globalization;

namespace Pilotage.Load.Series;

/// <summary>What a point of recorded data takes on disk, set by set, beside VictoriaMetrics: the same lines into both, each stopped and weighed, less what an empty one weighs.</summary>
internal static class BytesBench
{
    /// <summary>Measures the folders below <c>--data DIR</c>; <c>--points</c> of each at most (5,000,000), sets of less than <c>--least</c> (100,000) are left out; <c>--no-peer</c>, <c>--program FILE</c>.</summary>
    public static async Task<IReadOnlyList<BenchRow>> RunAsync(BenchArguments arguments)
    {
        var data = arguments.Get("data", "");
        if (!Directory.Exists(data))
        {
            await Console.Error.WriteLineAsync("bench: --data DIR is missing: a folder with a folder of tables (CSV or text, gzipped or not) for each set");
            return [];
        }

        var (most, least) = (int.Parse(arguments.Get("points", "5000000"), CultureInfo.InvariantCulture), int.Parse(arguments.Get("least", "100000"), CultureInfo.InvariantCulture));
        if (await BenchTools.ProgramAsync(arguments) is not { } program)
        {
            return [];
        }

        var hasPeer = arguments.Get("no-peer", "false") != "true" && await BenchTools.RunAsync(BenchTools.Root, "sh", "-c", "command -v victoria-metrics || exit 1") is not null;
        var emptyOurs = await WeighAsync(await Ours.StartAsync(program, 1), []);
        var emptyPeer = hasPeer ? await WeighAsync(await VictoriaMetrics.StartAsync(), []) : 0;
        var rows = new List<BenchRow>();
        foreach (var set in Directory.EnumerateDirectories(data).Order(StringComparer.Ordinal))
        {
            var tables = new RecordedTables(set, most);
            if (tables.Files.Count == 0)
            {
                continue;
            }

            await Console.Error.WriteLineAsync($"bench: {Path.GetFileName(set)}, {tables.Files.Count} tables");
            var ours = await WeighAsync(await Ours.StartAsync(program, tables.Files.Count), tables.Bodies());
            var points = tables.Points;
            if (points < least)
            {
                continue;
            }

            var peer = hasPeer ? await WeighAsync(await VictoriaMetrics.StartAsync(), new RecordedTables(set, most).Bodies()) : (long?)null;
            rows.Add(new(
                $"{Path.GetFileName(set)}, {points / 1e6:0.##} M points", "bytes/point", (ours - emptyOurs) / (double)points, (peer - emptyPeer) / (double)points, hasPeer ? "VictoriaMetrics" : null, 1.0, 0.7, PromiseOnRatio: true));
        }

        return rows;
    }

    private static async Task<long> WeighAsync(ISeriesServer server, IEnumerable<byte[]> bodies)
    {
        await using var stops = server;
        foreach (var body in bodies)
        {
            await server.WriteAsync(body);
        }

        await server.SettleAsync();
        return await server.StopAndWeighAsync();
    }
}
