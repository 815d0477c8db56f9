using static Pilotage.Tests.Server.Fabric.Findings.Signals;

namespace Pilotage.Tests.Server.Fabric.Findings;

/// <summary>Faults put into a clean signal from a place on, in the sizes that they are promised to be found in.</summary>
internal static class Faults
{
    public static IReadOnlyList<string> Kinds { get; } =
    [
        "stuck", "flatline", "spike", "gap", "slower", "faster", "fahrenheit", "psi", "km/h", "kelvin", "clock-behind", "clock-ahead", "clock-drift",
    ];

    public static List<Measured> Into(List<Measured> clean, string fault, int from, Random random) => fault switch
    {
        "stuck" => Change(clean, from, from + 60, (_, _) => clean[from].Value),
        "flatline" => Change(clean, from, from + 80, (_, value) => clean[from].Value + ((value - clean[from].Value) * 0.01)),
        "spike" => Change(clean, from, from + 1, (_, value) => value + (12 * (random.Next(2) == 0 ? 1 : -1))),
        "gap" => [.. clean[..from], .. clean[(from + 20)..]],
        "slower" => Stretch(clean, from, 2),
        "faster" => Stretch(clean, from, 0.5),
        "fahrenheit" => Change(clean, from, clean.Count, (_, value) => (value * 1.8) + 32),
        "psi" => Change(clean, from, clean.Count, (_, value) => value * 14.503774),
        "km/h" => Change(clean, from, clean.Count, (_, value) => value * 3.6),
        "kelvin" => Change(clean, from, clean.Count, (_, value) => value + 273.15),
        "clock-behind" => Shift(clean, from, _ => -3_600 * SecondNs),
        "clock-ahead" => Shift(clean, from, _ => 600 * SecondNs),
        "clock-drift" => Shift(clean, from, i => -(i - from) * SecondNs / 100),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "is no kind of fault"),
    };

    private static List<Measured> Change(List<Measured> clean, int from, int to, Func<int, double, double> change) =>
        [.. clean.Select((point, i) => i < from || i >= to ? point : point with { Value = change(i, point.Value) })];

    private static List<Measured> Shift(List<Measured> clean, int from, Func<int, long> by) =>
        [.. clean.Select((point, i) => i < from ? point : point with { TimeNs = point.TimeNs + by(i) })];

    private static List<Measured> Stretch(List<Measured> clean, int from, double by) =>
    [
        .. clean.Select((point, i) =>
        {
            var more = i < from ? 0 : (long)((by - 1) * (point.TimeNs - clean[from].TimeNs));
            return point with { TimeNs = point.TimeNs + more, ReceivedNs = point.ReceivedNs + more };
        }),
    ];
}
