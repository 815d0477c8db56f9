using System.Globalization;
using System.Text;

namespace Pilotage.Load.Series;

/// <summary>One run: the lines in, the questions, and what becomes of our server when it is killed and has to delete.</summary>
internal static class SeriesRun
{
    /// <summary>After so much of the data the questions are asked a first time.</summary>
    public const int EarlySeconds = 360;

    private const int LinesEach = 5_000;
    private const int AskedMin = 9;
    private const long DeletedPoints = 10_000_000;
    private const int SmallLines = 100;
    private const int SmallWrites = 500;

    // Servers run long: all are asked for so long before they are measured, until caches are filled and a runtime has compiled what is asked for often.
    private static readonly TimeSpan WarmsUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan PurgedWithin = TimeSpan.FromMinutes(2);

    public static async Task<SeriesFigures> MeasureAsync(ISeriesServer server, int devices, int seconds)
    {
        await using var stops = server;
        using var bodies = new Signals(devices).Bodies(seconds, LinesEach).GetEnumerator();
        var cpu = await FillAsync(server, bodies, int.MaxValue);
        var points = (double)devices * seconds * Signals.Properties;
        var answers = await AskAsync(server, seconds);
        return new(cpu / points * 1e6, await server.StopAndWeighAsync() / points, answers, null, null, null, null);
    }

    public static async Task<SeriesFigures> MeasureOursAsync(Ours server, int devices, int seconds)
    {
        await using var stops = server;
        using var bodies = new Signals(devices).Bodies(seconds, LinesEach).GetEnumerator();
        var cpu = await FillAsync(server, bodies, devices * EarlySeconds / LinesEach);
        var isLong = seconds > EarlySeconds;
        var early = isLong ? await AskAsync(server, EarlySeconds) : null;
        cpu += await FillAsync(server, bodies, int.MaxValue);
        var answers = await AskAsync(server, seconds);
        var late = isLong ? await AskAsync(server, EarlySeconds) : null;
        var ready = await server.KillAndStartAsync();
        var points = (double)devices * seconds * Signals.Properties;
        var bytes = await server.StopAndWeighAsync() / points;
        await server.StartAsync();
        var (before, deleting) = points > 2 * DeletedPoints ? await DeleteAsync(server, devices, seconds) : (null, null);
        var grown = early is null || late is null ? null : Enum.GetValues<SeriesQuestion>().ToDictionary(question => question, question => late[question].Milliseconds / early[question].Milliseconds);
        return new(cpu / points * 1e6, bytes, answers, grown, ready, before, deleting);
    }

    /// <summary>Milliseconds by the clock, the median of a second, after some seconds that are not counted.</summary>
    public static async Task<double> TimeAsync(Func<Task<long>> ask)
    {
        await AskAsync(ask, WarmsUp);
        var times = await AskAsync(ask, Measured);
        return times.Order().ElementAt(times.Count / 2);
    }

    /// <summary>Asks again and again for some time; how many milliseconds each took.</summary>
    private static async Task<List<double>> AskAsync(Func<Task<long>> ask, TimeSpan time)
    {
        var times = new List<double>();
        var first = TimeProvider.System.GetTimestamp();
        while (times.Count < AskedMin || TimeProvider.System.GetElapsedTime(first) < time)
        {
            var began = TimeProvider.System.GetTimestamp();
            await ask();
            times.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
        }

        return times;
    }

    /// <summary>Writes some bodies and waits until all is settled; the processor time of the server.</summary>
    private static async Task<double> FillAsync(ISeriesServer server, IEnumerator<byte[]> bodies, int most)
    {
        var before = server.CpuSeconds;
        var last = Task.CompletedTask;
        for (var i = 0; i < most && bodies.MoveNext(); i++)
        {
            // One body under way while the next is made.
            await last;
            last = server.WriteAsync(bodies.Current);
        }

        await last;
        await server.SettleAsync();
        await Task.Delay(Settles, TimeProvider.System);
        return server.CpuSeconds - before;
    }

    private static async Task<Dictionary<SeriesQuestion, (double Milliseconds, double Cpu)>> AskAsync(ISeriesServer server, int seconds)
    {
        var answers = new Dictionary<SeriesQuestion, (double, double)>();
        foreach (var question in Enum.GetValues<SeriesQuestion>())
        {
            var wall = await TimeAsync(() => server.AskAsync(question, seconds));
            var before = server.CpuSeconds;
            var times = await AskAsync(() => server.AskAsync(question, seconds), Measured);
            answers[question] = (wall, (server.CpuSeconds - before) * 1e3 / times.Count);
        }

        return answers;
    }

    /// <summary>How long small writes take, a hundred a second: before anything is deleted, and until the space of 10 M points has come back.</summary>
    private static async Task<(double? BeforeMs, double? DeletingMs)> DeleteAsync(Ours server, int devices, int seconds)
    {
        var (before, during, next) = (new List<double>(), new List<double>(), 0);
        for (; next < SmallWrites; next++)
        {
            before.Add(await WriteAsync(server, devices, seconds, next));
        }

        var deleted = (int)(DeletedPoints / (seconds * Signals.Properties)) + 1;
        var deleting = Task.Run(async () =>
        {
            for (var device = 0; device < deleted; device++)
            {
                await server.DeleteAsync(device);
            }

            var began = TimeProvider.System.GetTimestamp();
            while (await server.HidingAsync() > 0 && TimeProvider.System.GetElapsedTime(began) < PurgedWithin)
            {
                await Task.Delay(Settles / 10, TimeProvider.System);
            }
        });
        for (; !deleting.IsCompleted; next++)
        {
            during.Add(await WriteAsync(server, devices, seconds, next));
        }

        await deleting;
        return (P99(before), P99(during));
    }

    /// <summary>A small write of a device that stays, at its turn; how many milliseconds it took.</summary>
    private static async Task<double> WriteAsync(Ours server, int devices, int seconds, int turn)
    {
        await Task.Delay(Between, TimeProvider.System);
        var firstMs = Signals.StartMs + (seconds * 1000L) + ((long)turn * SmallLines);
        var lines = string.Concat(Enumerable.Range(0, SmallLines).Select(line => string.Create(CultureInfo.InvariantCulture, $"env,device={Signals.IdOf(devices - 1)} m0={line} {firstMs + line}\n")));
        var began = TimeProvider.System.GetTimestamp();
        await server.WriteAsync(Encoding.ASCII.GetBytes(lines));
        return TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
    }

    private static double P99(List<double> times) => times.Order().ElementAt((int)(times.Count * 0.99));
}
