using System.Globalization;

namespace Pilotage.Load.Series;

/// <summary>How much memory our server takes for many series, told what it is to do with.</summary>
internal static class MemoryBench
{
    private const double BytesPerMiB = 1024 * 1024;
    private const int LinesEach = 5_000;

    /// <summary>Measures; <c>--devices</c> (100,000, of ten properties), <c>--messages</c> of each (60), <c>--memory-mib</c> (1,536), <c>--program FILE</c>.</summary>
    public static async Task<IReadOnlyList<BenchRow>> RunAsync(BenchArguments arguments)
    {
        var devices = int.Parse(arguments.Get("devices", "100000"), CultureInfo.InvariantCulture);
        var messages = int.Parse(arguments.Get("messages", "60"), CultureInfo.InvariantCulture);
        var memory = arguments.Get("memory-mib", "1536");
        if (await BenchTools.ProgramAsync(arguments) is not { } program)
        {
            return [];
        }

        await Console.Error.WriteLineAsync($"bench: declaring {devices:N0} devices");
        var began = TimeProvider.System.GetTimestamp();
        await using var ours = await Ours.StartAsync(program, devices, "--memory-mib", memory);
        var (seconds, declared) = (TimeProvider.System.GetElapsedTime(began).TotalSeconds, ours.ResidentMost / BytesPerMiB);
        var lines = 0L;
        foreach (var body in new Signals(devices).Bodies(messages, LinesEach))
        {
            await ours.WriteAsync(body);
            lines += LinesEach;
            if (lines % (devices * 10L) < LinesEach)
            {
                await Console.Error.WriteLineAsync($"bench: {lines * Signals.Properties / 1e6:0} M points, at most {ours.ResidentMost / BytesPerMiB:0} MiB");
            }
        }

        var series = $"{devices * Signals.Properties:N0} series";
        return
        [
            new($"{series}, {(double)devices * messages * Signals.Properties / 1e6:0.#} M points, resident at most", "MiB", ours.ResidentMost / BytesPerMiB, null, null, 1_536, null),
            new($"started, and {devices:N0} devices declared, 500 at a time", "s", seconds, null, null, null, null),
            new($"{devices:N0} devices declared, nothing sent yet", "MiB", declared, null, null, null, null),
        ];
    }
}
