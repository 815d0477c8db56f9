namespace Pilotage.Tests.Server.Fabric.Findings;

/// <summary>One point as it was measured and as it came in.</summary>
internal readonly record struct Measured(long TimeNs, long ReceivedNs, double Value);

/// <summary>Signals as plants have them, clean, from a seed.</summary>
internal static class Signals
{
    public const long SecondNs = 1_000_000_000;
    private const long StartNs = 1_760_000_000 * SecondNs;

    public static IReadOnlyList<string> Kinds { get; } =
    [
        "noisy", "periodic", "smooth", "duty-cycle", "counter", "constant", "on-off", "quantised", "wandering", "heavy-tailed", "set-point", "by-exception",
    ];

    /// <summary>A signal of so many points, one a second with a little jitter; one that reports by exception comes at random.</summary>
    public static List<Measured> Of(string kind, int points, Random random)
    {
        var value = Values(kind, random);
        var (at, clock) = (StartNs, new List<Measured>(points));
        for (var i = 0; i < points; i++)
        {
            at += kind == "by-exception"
                ? (long)(-Math.Log(1 - random.NextDouble()) * 10 * SecondNs) + 1_000_000
                : (long)((0.97 + (0.06 * random.NextDouble())) * SecondNs);
            clock.Add(new Measured(at, at + (long)(random.NextDouble() * 0.2 * SecondNs), value(i)));
        }

        return clock;
    }

    public static double Noise(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static Func<int, double> Values(string kind, Random random)
    {
        var (state, left, isOn) = (0.0, 0, false);
        return kind switch
        {
            "noisy" or "by-exception" => _ => 50 + Noise(random),
            "periodic" => i => 20 + (5 * Math.Sin(i / 30.0)) + (0.1 * Noise(random)),
            "smooth" => i => 20 + (5 * Math.Sin(i / 230.0)),
            "duty-cycle" => _ =>
            {
                if (left-- == 0)
                {
                    (isOn, left) = (!isOn, 20 + random.Next(60));
                }

                return isOn ? 80 + Noise(random) : 20 + (0.5 * Noise(random));
            },
            "counter" => i => state = i % 1_700 == 1_699 ? 0 : state + random.Next(4),
            "constant" => _ => 21.5,
            "on-off" => _ =>
            {
                if (left-- == 0)
                {
                    (isOn, left) = (!isOn, 1 + random.Next(80));
                }

                return isOn ? 1 : 0;
            },
            "quantised" => _ => Math.Round((state = (0.99 * state) + (0.05 * Noise(random))) + 22, 1),
            "wandering" => _ => 100 + (state = (0.95 * state) + Noise(random)),
            "heavy-tailed" => _ => 10 + (Noise(random) / Math.Sqrt((Square(random) + Square(random) + Square(random) + Square(random) + Square(random)) / 5)),
            "set-point" => i => i % 700 == 0 ? state = 40 + (5 * random.Next(8)) : state,
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "is no kind of signal"),
        };
    }

    private static double Square(Random random) => Math.Pow(Noise(random), 2);
}
