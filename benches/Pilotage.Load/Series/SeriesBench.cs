using System.Globalization;

namespace Pilotage.Load.Series;

/// <summary>The store behind its server, beside VictoriaMetrics: the same lines into both, then four questions; two of them to PostgreSQL and DuckDB too. Medians of several runs, in turn.</summary>
internal static class SeriesBench
{
    /// <summary>Measures; <c>--devices</c> (1,000, of ten properties), <c>--seconds</c> (3,600), <c>--runs</c> (3), <c>--no-peer</c>, <c>--program FILE</c>.</summary>
    public static async Task<IReadOnlyList<BenchRow>> RunAsync(BenchArguments arguments)
    {
        var devices = int.Parse(arguments.Get("devices", "1000"), CultureInfo.InvariantCulture);
        var seconds = int.Parse(arguments.Get("seconds", "3600"), CultureInfo.InvariantCulture);
        var runs = int.Parse(arguments.Get("runs", "3"), CultureInfo.InvariantCulture);
        if (await BenchTools.ProgramAsync(arguments) is not { } program)
        {
            return [];
        }

        var hasPeer = arguments.Get("no-peer", "false") != "true"
            && await BenchTools.RunAsync(BenchTools.Root, "sh", "-c", "command -v victoria-metrics || exit 1") is not null;
        if (!hasPeer)
        {
            await Console.Error.WriteLineAsync("bench: victoria-metrics is missing (Debian: victoria-metrics); its column stays empty");
        }

        var (ours, peers, last, top) = (new List<SeriesFigures>(), new List<SeriesFigures>(), new List<double>(), new List<double>());
        for (var run = 1; run <= runs; run++)
        {
            if (hasPeer)
            {
                await Console.Error.WriteLineAsync($"bench: run {run} of {runs}, VictoriaMetrics");
                peers.Add(await SeriesRun.MeasureAsync(await VictoriaMetrics.StartAsync(), devices, seconds));
                last.AddRange(await AskedAsync(await PostgreSql.StartAsync(), "PostgreSQL", SeriesQuestion.LastOfAll, devices, seconds));
                top.AddRange(await AskedAsync(await DuckDb.StartAsync(), "DuckDB", SeriesQuestion.TopTen, devices, seconds));
            }

            await Console.Error.WriteLineAsync($"bench: run {run} of {runs}, ours");
            ours.Add(await SeriesRun.MeasureOursAsync(await Ours.StartAsync(program, devices), devices, seconds));
        }

        return Rows(ours, peers, Middle(last), Middle(top), devices, seconds);
    }

    private static async Task<double[]> AskedAsync(ISeriesPeer? peer, string name, SeriesQuestion question, int devices, int seconds)
    {
        if (peer is null)
        {
            return [];
        }

        await using (peer)
        {
            await Console.Error.WriteLineAsync($"bench: filling {name}");
            await peer.FillAsync(new Signals(devices), seconds);
            return [await SeriesRun.TimeAsync(() => peer.AskAsync(question))];
        }
    }

    private static double? Middle(IEnumerable<double?> values)
    {
        var sorted = values.OfType<double>().Order().ToList();
        return sorted.Count == 0 ? null : sorted[sorted.Count / 2];
    }

    private static double? Middle(IEnumerable<double> values) => Middle(values.Select(value => (double?)value));

    private static List<BenchRow> Rows(List<SeriesFigures> ours, List<SeriesFigures> peers, double? last, double? top, int devices, int seconds)
    {
        const string Vm = "VictoriaMetrics";
        var points = $"{(long)devices * Signals.Properties * seconds / 1e6:0.#} M points";
        BenchRow Beside(string name, string unit, Func<SeriesFigures, double> figure, double? must, double? aim) =>
            new(name, unit, Middle(ours.Select(figure)), Middle(peers.Select(figure)), Vm, must, aim, PromiseOnRatio: true);
        Func<SeriesFigures, double> Wall(SeriesQuestion question) => figures => figures.Answers[question].Milliseconds;
        return
        [
            Beside($"ingest, durable on ack, {devices * Signals.Properties:N0} series, {points}, CPU", "s/M points", figures => figures.IngestCpu, 0.4, 0.2),
            Beside("on disk after a stop", "bytes/point", figures => figures.BytesPerPoint, 1.0, 0.7),
            new("last value of all series", "ms", Middle(ours.Select(Wall(SeriesQuestion.LastOfAll))), last, "PostgreSQL", 0.3, 0.1, PromiseOnRatio: true),
            Beside("last value of all series, beside VictoriaMetrics", "ms", Wall(SeriesQuestion.LastOfAll), null, null),
            Beside($"one series raw, {seconds} s", "ms", Wall(SeriesQuestion.OneRaw), 0.5, 0.2),
            Beside($"5-minute average over {devices:N0} devices, {seconds} s", "ms", Wall(SeriesQuestion.Averages), 0.4, 0.15),
            Beside("the same, CPU", "ms", figures => figures.Answers[SeriesQuestion.Averages].Cpu, null, null),
            new("top 10 by max", "ms", Middle(ours.Select(Wall(SeriesQuestion.TopTen))), top, "DuckDB", 0.5, 0.1, PromiseOnRatio: true),
            Beside("top 10 by max, beside VictoriaMetrics", "ms", Wall(SeriesQuestion.TopTen), null, null),
            new($"the same four questions of {SeriesRun.EarlySeconds} s, {points} to 3.6 M, the worst", "ratio", Middle(ours.Select(figures => figures.Grown?.Values.Max())), null, null, 1.3, 1.0),
            .. Enum.GetValues<SeriesQuestion>().Select(question => new BenchRow($"of which {question}", "ratio", Middle(ours.Select(figures => figures.Grown is { } grown ? grown[question] : (double?)null)), null, null, null, null)),
            new($"ready after kill -9, {points}", "s", Middle(ours.Select(figures => figures.ReadySeconds)), null, null, 2, 0.5),
            new("p99 of an append while 10 M points are deleted", "ms", Middle(ours.Select(figures => figures.DeletingMs)), Middle(ours.Select(figures => figures.BeforeMs)), "before", 2, 1.2, PromiseOnRatio: true),
        ];
    }
}
