using System.Globalization;
using System.Text.Json.Nodes;

namespace Pilotage.Load.Gateway;

/// <summary>
/// The gateway beside mosquitto: each broker alone on one processor, in turn, several times, ours warmed up first. Medians.
/// </summary>
internal static class GatewayBench
{
    private const string Pipeline = "P";
    private const int PipelineSeconds = 8;
    private const string Cpu = "broker_cpu_s_per_M_deliv";

    // Published for FlashMQ, which Debian does not carry; see the report.
    private const double FlashMqPlainBytes = 4.3 * 1024;
    private const double FlashMqTlsBytes = 44 * 1024;

    /// <summary>Measures; <c>--runs N</c>, <c>--warm SECONDS</c>, <c>--only A0,A1</c>, <c>--no-peer</c>, <c>--program FILE</c>.</summary>
    public static async Task<IReadOnlyList<BenchRow>> RunAsync(BenchArguments arguments)
    {
        var runs = int.Parse(arguments.Get("runs", "3"), CultureInfo.InvariantCulture);
        var warm = TimeSpan.FromSeconds(double.Parse(arguments.Get("warm", "10"), CultureInfo.InvariantCulture));
        var only = arguments.Get("only", "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        if (await BenchTools.ProgramAsync(arguments) is not { } program)
        {
            return [];
        }

        var load = new LoadGenerator();
        if (!await load.BuildAsync())
        {
            await Console.Error.WriteLineAsync("bench: the load generator cannot be built; install make, gcc and libssl-dev");
            return [];
        }

        var hasPeer = arguments.Get("no-peer", "false") != "true"
            && await BenchTools.RunAsync(BenchTools.Root, "sh", "-c", "command -v mosquitto || exit 1") is not null;
        if (!hasPeer)
        {
            await Console.Error.WriteLineAsync("bench: mosquitto is missing (Debian: mosquitto); its column stays empty");
        }

        var certificates = new BenchCertificates(BenchTools.Folder("mqtt"));
        var figures = new Figures();
        for (var run = 1; run <= runs; run++)
        {
            foreach (var scenario in Scenario.All.Where(s => only.Length == 0 || only.Contains(s.Name)))
            {
                await Console.Error.WriteLineAsync($"bench: run {run} of {runs}, {scenario.Name} {scenario.Load}");
                if (hasPeer)
                {
                    await using var peer = await Broker.StartMosquittoAsync(certificates);
                    figures.Add("peer", scenario.Name, await load.RunAsync(peer, scenario, certificates));
                }

                await using var ours = await Broker.StartOursAsync(program, certificates, scenario.Durable);
                await WarmAsync(load, ours, scenario, certificates, warm);
                figures.Add("ours", scenario.Name, await load.RunAsync(ours, scenario, certificates));
            }

            if (only.Length == 0 || only.Contains(Pipeline))
            {
                await AddPipelineAsync(figures, load, program, hasPeer, run, runs);
            }
        }

        return Rows(figures);
    }

    private static async Task AddPipelineAsync(Figures figures, LoadGenerator load, string program, bool hasPeer, int run, int runs)
    {
        using var pipelines = new Pipelines(load, program);
        await Console.Error.WriteLineAsync($"bench: run {run} of {runs}, {Pipeline} {Pipelines.Rate} messages of five values a second to stored");
        if (hasPeer && await pipelines.AssembledAsync(PipelineSeconds) is { } assembled)
        {
            figures.Add("peer", Pipeline, NodeOf(assembled));
        }

        figures.Add("ours", Pipeline, await pipelines.OursAsync(PipelineSeconds) is { } ours ? NodeOf(ours) : null);
    }

    private static JsonObject NodeOf(Pipelines.Result result) =>
        new() { [Cpu] = result.CpuSecondsPerMillion, ["lost"] = (double)result.NotStored, ["sent"] = (double)result.Messages };

    private static async Task WarmAsync(
        LoadGenerator load, Broker ours, Scenario scenario, BenchCertificates certificates, TimeSpan warm)
    {
        // Memory for each connection is taken of a process that has not held as many before; what runs is compiled by a few.
        var few = scenario.Load.StartsWith("--mode idle", StringComparison.Ordinal)
            ? scenario with { Load = "--mode idle --subs 200 --hold 0" }
            : scenario with { Load = scenario.Load.Replace("--rate 2000", "", StringComparison.Ordinal).Replace("--rate 5000", "", StringComparison.Ordinal) };
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < warm)
        {
            await load.RunAsync(ours, few, certificates);
        }
    }

    private static IReadOnlyList<BenchRow> Rows(Figures all)
    {
        BenchRow Row(string name, string unit, string scenario, string path, double? must, double? aim, string? peerScenario = null) =>
            new(name, unit, all.Median("ours", scenario, path), all.Median("peer", peerScenario ?? scenario, path), "mosquitto", must, aim, PromiseOnRatio: true);
        return
        [
            Row("A0: 1,000 publishers to one, QoS 0, CPU", "s/M", "A0", Cpu, 1.0, 0.6),
            Row("A1: the same, QoS 1, acks from memory, CPU", "s/M", "A1", Cpu, 1.0, 0.6),
            Row("A1 durable: acks after fdatasync, a lasting session, CPU", "s/M", "A1d", Cpu, 1.4, 0.9, "A1"),
            Row("A2: QoS 2, CPU", "s/M", "A2", Cpu, 0.7, 0.4),
            Row("B: one publisher to 1,000, CPU per delivery", "s/M", "B", Cpu, 0.9, 0.5),
            Row("D: QoS 1 over mutual TLS, CPU", "s/M", "D", Cpu, 1.0, 0.7),
            Row("E: a session's queue on disk, taking in, CPU", "s/M", "E", "enqueue_broker_cpu_s_per_M", 1.5, 0.9),
            Row("E: the same, handing out, CPU", "s/M", "E", "drain_broker_cpu_s_per_M", null, null),
            Row("connect, plain, CPU", "us", "C", "broker_cpu_us_per_conn", 2.0, 1.2),
            Row("connect, mutual TLS, CPU", "us", "DC", "broker_cpu_us_per_conn", 1.2, 0.7),
            new("idle connection, plain, resident", "bytes", all.Median("ours", "C", "rss_bytes_per_conn"), FlashMqPlainBytes, "FlashMQ, published", 2.0, 1.2, PromiseOnRatio: true),
            new("idle connection, mutual TLS, resident", "bytes", all.Median("ours", "DC", "rss_bytes_per_conn"), FlashMqTlsBytes, "FlashMQ, published", 1.2, 0.8, PromiseOnRatio: true),
            Row("5,000/s QoS 1 from 1,000 publishers, CPU", "s/M", "L5", Cpu, 2.0, 1.0),
            Row("2,000/s QoS 1, end to end, p50", "us", "L2", "e2e_us/p50", 1.5, 1.0),
            Row("2,000/s QoS 1, end to end, p99", "us", "L2", "e2e_us/p99", 1.5, 0.8),
            Row("2,000/s QoS 1 durable, ack, p50", "us", "L2d", "ack_us/p50", null, null, "L2"),
            Row("2,000/s QoS 1 durable, ack, p99", "us", "L2d", "ack_us/p99", null, null, "L2"),
            Row("device to stored, 40,000/s of five values, durable, CPU", "s/M", Pipeline, Cpu, 0.5, 0.2) with { PeerName = "mosquitto, bridge, VictoriaMetrics" },
            new("lost, repeated or out of order, all rows", "messages", all.Faults("ours"), all.Faults("peer"), "mosquitto", 0, 0),
            new("runs that failed", "runs", all.Failed("ours"), all.Failed("peer"), "mosquitto", 0, 0),
        ];
    }

    private sealed class Figures
    {
        private readonly List<(string Who, string Scenario, JsonNode? Figures)> _all = [];

        public void Add(string who, string scenario, JsonNode? figures) => _all.Add((who, scenario, figures));

        /// <summary>The median over the runs; nothing when there is none.</summary>
        public double? Median(string who, string scenario, string path)
        {
            var found = _all.Where(f => f.Who == who && f.Scenario == scenario && f.Figures is not null)
                .Select(f => (double?)path.Split('/').Aggregate(f.Figures, (node, name) => node?[name]))
                .OfType<double>()
                .Order()
                .ToList();
            return found.Count == 0 ? null : (found[(found.Count - 1) / 2] + found[found.Count / 2]) / 2;
        }

        /// <summary>Losses, gaps and repeats of all runs.</summary>
        public double? Faults(string who) => _all.Any(f => f.Who == who)
            ? _all.Where(f => f.Who == who).Sum(f => Of(f.Figures, "lost") + Of(f.Figures, "gaps") + Of(f.Figures, "dups") + Of(f.Figures, "dead"))
            : null;

        public double? Failed(string who) => _all.Any(f => f.Who == who) ? _all.Count(f => f.Who == who && f.Figures is null) : null;

        private static double Of(JsonNode? figures, string name) => (double?)figures?[name] ?? 0;
    }
}
