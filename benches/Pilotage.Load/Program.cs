using System.Globalization;
using System.Text.Json;

namespace Pilotage.Load;

/// <summary>Runs one named bench and prints its table; with <c>--json</c> the last line is one JSON object.</summary>
internal static class Program
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Every bench by its name; adding one is adding a line here.</summary>
    private static readonly Dictionary<string, Func<BenchArguments, Task<IReadOnlyList<BenchRow>>>> Benches = new(StringComparer.Ordinal)
    {
        ["bytes"] = Series.BytesBench.RunAsync,
        ["edge"] = Edge.EdgeBench.RunAsync,
        ["gateway"] = Gateway.GatewayBench.RunAsync,
        ["inference"] = Inference.InferenceBench.RunAsync,
        ["memory"] = Series.MemoryBench.RunAsync,
        ["series"] = Series.SeriesBench.RunAsync,
        ["stream"] = Streams.StreamBench.RunAsync,
        ["store"] = Store.StoreBench.RunAsync,
        ["value"] = Value.ValueBench.RunAsync,
    };

    private static async Task<int> Main(string[] args)
    {
        var name = args.FirstOrDefault(a => !a.StartsWith('-'));
        if (name is null || !Benches.TryGetValue(name, out var bench))
        {
            var known = Benches.Count == 0 ? "none yet" : string.Join(' ', Benches.Keys);
            await Console.Error.WriteLineAsync($"bench: {(name is null ? "which one?" : $"'{name}' is not a bench.")} Known are: {known}");
            return 2;
        }

        var rows = await bench(BenchArguments.Parse(args));
        foreach (var row in rows)
        {
            var ours = row.Ours?.ToString("G6", CultureInfo.InvariantCulture) ?? "-";
            var peer = row.Peer?.ToString("G6", CultureInfo.InvariantCulture) ?? "-";
            await Console.Out.WriteLineAsync($"{row.Name,-58} {ours,12} {row.Unit,-16} peer {peer,12} {row.PeerName}  must {row.Must}  aim {row.Aim}  {row.Holds switch { true => "holds", false => "MISSED", null => "" }}");
        }

        if (args.Contains("--json"))
        {
            var table = rows.Select(r => new { r.Name, r.Unit, r.Ours, r.Peer, r.PeerName, r.Ratio, r.Must, r.Aim, r.Holds });
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new { bench = name, rows = table }, Json));
        }

        return 0;
    }
}
