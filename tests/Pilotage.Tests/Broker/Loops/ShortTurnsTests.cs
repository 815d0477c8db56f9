using System.Globalization;
using Pilotage.Broker.Loops;
using Xunit;

namespace Pilotage.Tests.Broker.Loops;

public sealed class ShortTurnsTests
{
    private const string Slice = "se.slice";

    [Fact]
    public void A_thread_gets_short_turns_and_keeps_its_priority()
    {
        var (before, after) = OnAThread(() =>
        {
            var before = Scheduling();
            ShortTurns.Ask();
            return (before, Scheduling());
        });

        Assert.Equal(before["prio"], after["prio"]);
        Assert.Equal(before["policy"], after["policy"]);

        // Kernels before 6.12 have the same turns for all.
        if (before.ContainsKey(Slice) && Environment.OSVersion.Version >= new Version(6, 12))
        {
            Assert.Equal(100_000, after[Slice]);
        }
    }

    private static T OnAThread<T>(Func<T> run)
    {
        var answer = default(T);
        var thread = new Thread(() => answer = run());
        thread.Start();
        thread.Join();
        return answer!;
    }

    /// <summary>What the kernel tells of the calling thread, empty where it tells nothing.</summary>
    private static Dictionary<string, long> Scheduling()
    {
        var values = new Dictionary<string, long> { ["prio"] = 0, ["policy"] = 0 };
        foreach (var parts in Lines().Select(line => line.Split(':', StringSplitOptions.TrimEntries)))
        {
            if (parts is [var name, var text] && long.TryParse(text, CultureInfo.InvariantCulture, out var value))
            {
                values[name] = value;
            }
        }

        return values;
    }

    private static string[] Lines() =>
        File.Exists("/proc/thread-self/sched") ? File.ReadAllLines("/proc/thread-self/sched") : [];
}
