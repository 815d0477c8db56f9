using System.Globalization;

namespace Pilotage.Load.Series;

/// <summary>The store behind its server, beside VictoriaMetrics: the same lines into both, then four questions. Medians of several runs, in turn.</summary>
internal static class SeriesBench
{
    private const int LinesEach = 5_000;
    private const int Asked = 9;
    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(5);

    private sealed record Figures(double IngestCpu, double BytesPerPoint, IReadOnlyDictionary<SeriesQuestion, (double Milliseconds, double Cpu)> Answers);

    /// <summary>Measures; <c>--devices</c> (1,000, of ten properties), <c>--seconds</c> (360), <c>--runs</c> (3), <c>--no-peer</c>, <c>--program FILE</c>.</summary>
    public static async Task<IReadOnlyList<BenchRow>> RunAsync(BenchArguments arguments)
    {
        var devices = int.Parse(arguments.Get("devices", "1000"), CultureInfo.InvariantCulture);
        var seconds = int.Parse(arguments.Get("seconds", "360"), CultureInfo.InvariantCulture);
        var runs = int.Parse(arguments.Get("runs", "3"), CultureInfo.InvariantCulture);
        var program = arguments.Get("program", Path.Combine(BenchTools.Root, "artifacts", "dist", "pilotage"));
        if (!File.Exists(program) && await BenchTools.RunAsync(BenchTools.Root, Path.Combine(BenchTools.Root, "pilotage"), "build") is null)
        {
            return [];
        }

        var hasPeer = arguments.Get("no-peer", "false") != "true"
            && await BenchTools.RunAsync(BenchTools.Root, "sh", "-c", "command -v victoria-metrics || exit 1") is not null;
        if (!hasPeer)
        {
            await Console.Error.WriteLineAsync("bench: victoria-metrics is missing (Debian: victoria-metrics); its column stays empty");
        }

        var (ours, peers) = (new List<Figures>(), new List<Figures>());
        for (var run = 1; run <= runs; run++)
        {
            if (hasPeer)
            {
                await Console.Error.WriteLineAsync($"bench: run {run} of {runs}, VictoriaMetrics");
                peers.Add(await MeasureAsync(await VictoriaMetrics.StartAsync(), devices, seconds));
            }

            await Console.Error.WriteLineAsync($"bench: run {run} of {runs}, ours");
            ours.Add(await MeasureAsync(await Ours.StartAsync(program, devices), devices, seconds));
        }

        return Rows(ours, peers, devices, seconds);
    }

    private static async Task<Figures> MeasureAsync(ISeriesServer server, int devices, int seconds)
    {
        await using var stops = server;
        var points = (double)devices * seconds * Signals.Properties;
        var before = server.CpuSeconds;
        var last = Task.CompletedTask;
        foreach (var body in new Signals(devices).Bodies(seconds, LinesEach))
        {
            // One body under way while the next is made.
            await last;
            last = server.WriteAsync(body);
        }

        await last;
        await server.SettleAsync();
        await Task.Delay(Settles);
        var cpu = (server.CpuSeconds - before) / points * 1e6;
        var answers = new Dictionary<SeriesQuestion, (double, double)>();
        foreach (var question in Enum.GetValues<SeriesQuestion>())
        {
            answers[question] = await AskAsync(server, question, seconds);
        }

        return new(cpu, await server.StopAndWeighAsync() / points, answers);
    }

    /// <summary>Median by the clock, after one that is not counted; processor time of each.</summary>
    private static async Task<(double Milliseconds, double Cpu)> AskAsync(ISeriesServer server, SeriesQuestion question, int seconds)
    {
        await server.AskAsync(question, seconds);
        var times = new List<double>();
        var before = server.CpuSeconds;
        for (var i = 0; i < Asked; i++)
        {
            var began = TimeProvider.System.GetTimestamp();
            await server.AskAsync(question, seconds);
            times.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
        }

        return (Median(times), (server.CpuSeconds - before) * 1e3 / Asked);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static List<BenchRow> Rows(List<Figures> ours, List<Figures> peers, int devices, int seconds)
    {
        const string Vm = "VictoriaMetrics";
        var size = $"{devices * Signals.Properties:N0} series, {(long)devices * Signals.Properties * seconds / 1e6:0.#} M points";
        BenchRow Row(string name, string unit, Func<Figures, double> figure, double? must, double? aim, string? peer = Vm) => new(
            name, unit, Median(ours.Select(figure)), peer != Vm || peers.Count == 0 ? null : Median(peers.Select(figure)), peer, must, aim, PromiseOnRatio: true);
        BenchRow Beside(string name, SeriesQuestion question) => Row($"{name}, beside VictoriaMetrics", "ms", figures => figures.Answers[question].Milliseconds, null, null);
        return
        [
            Row($"ingest, durable on ack, {size}, CPU", "s/M points", figures => figures.IngestCpu, 0.4, 0.2),
            Row("on disk after a stop", "bytes/point", figures => figures.BytesPerPoint, 1.0, 0.7),
            Row("last value of all series", "ms", figures => figures.Answers[SeriesQuestion.LastOfAll].Milliseconds, 0.3, 0.1, "PostgreSQL, not measured"),
            Beside("last value of all series", SeriesQuestion.LastOfAll),
            Row($"one series raw, {seconds} s", "ms", figures => figures.Answers[SeriesQuestion.OneRaw].Milliseconds, 0.5, 0.2),
            Row($"5-minute average over {devices:N0} devices", "ms", figures => figures.Answers[SeriesQuestion.Averages].Milliseconds, 0.4, 0.15),
            Row("the same, CPU", "ms", figures => figures.Answers[SeriesQuestion.Averages].Cpu, null, null),
            Row("top 10 by max", "ms", figures => figures.Answers[SeriesQuestion.TopTen].Milliseconds, 0.5, 0.1, "DuckDB, not measured"),
            Beside("top 10 by max", SeriesQuestion.TopTen),
        ];
    }
}
