namespace Pilotage.Cli.Demo.Fleet;

/// <summary>The machines of a demonstration, split before anything looks at them.</summary>
/// <param name="Name">For example <c>FD001</c>.</param>
/// <param name="Thing">The thing type of all its devices.</param>
/// <param name="Origin">What the figures rest on, said wherever they stand.</param>
/// <param name="Properties">The names of the values of a row.</param>
/// <param name="Fit">Units whose whole history everything is fitted on, thresholds included.</param>
/// <param name="Evaluation">Units that are replayed cycle by cycle and scored.</param>
/// <param name="Test">Units cut off before failure; scored on remaining life only. Empty where the source has none.</param>
internal sealed record DemoFleet(
    string Name,
    string Thing,
    string Origin,
    IReadOnlyList<string> Properties,
    IReadOnlyList<FleetUnit> Fit,
    IReadOnlyList<FleetUnit> Evaluation,
    IReadOnlyList<FleetUnit> Test)
{
    /// <summary>The share of the training units, by number, that everything is fitted on.</summary>
    public const double FitShare = 0.8;
}
