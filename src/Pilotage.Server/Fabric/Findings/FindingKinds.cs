namespace Pilotage.Server.Fabric.Findings;

/// <summary>Names and weights of findings.</summary>
internal static class FindingKinds
{
    private static readonly string[] Names = ["stuck", "flatline", "spike", "out-of-range", "gap", "rate-change", "unit-jump", "clock-skew", "contradiction"];

    // Most that a finding takes off, as a share: what makes every value wrong weighs more than what makes one wrong.
    private static readonly double[] Weights = [0.8, 0.5, 0.5, 0.6, 0.5, 0.2, 0.9, 0.5, 0.3];

    // How much nearer to the most a single event brings; what lasts is at the most while it lasts.
    private static readonly double[] Increments = [1, 1, 0.15, 0.1, 0.25, 1, 1, 1, 0.1];

    /// <summary>All of them, in order.</summary>
    public static IReadOnlyList<FindingKind> All { get; } = Enum.GetValues<FindingKind>();

    public static string NameOf(FindingKind kind) => Names[(int)kind];

    public static double WeightOf(FindingKind kind) => Weights[(int)kind];

    public static double IncrementOf(FindingKind kind) => Increments[(int)kind];
}
