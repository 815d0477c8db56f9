namespace Pilotage.Cli.Demo.Fleet;

/// <summary>The built-in plant: 12 pumps whose bearings wear, several runs from overhaul to failure each.</summary>
/// <remarks>
/// Each run is a unit and a device of its own (<c>pump-03-run-2</c>), because an overhaul makes it another machine to a model.
/// Pumps, not runs, are split: no pump is in both parts.
/// </remarks>
internal sealed class PumpPlant(int seed) : IFleetSource
{
    public const int Pumps = 12;
    public const int RunsPerPump = 6;
    private const int FitPumps = 9;

    public static readonly IReadOnlyList<string> Properties =
        ["load", "flow", "speed", "vibration", "crest", "bearing_temp", "ambient", "power"];

    public DemoFleet Load()
    {
        var random = new Random(seed);
        var units = new List<FleetUnit>(Pumps * RunsPerPump);
        for (var pump = 1; pump <= Pumps; pump++)
        {
            var machine = PumpModel.Build(random);
            for (var run = 1; run <= RunsPerPump; run++)
            {
                units.Add(new($"pump-{pump:00}-run-{run}", machine.RunToFailure(random), FailsAtEnd: true));
            }
        }

        const int Fit = FitPumps * RunsPerPump;
        return new(
            "plant",
            "pump",
            $"the built-in plant, {Pumps} simulated pumps, seed {seed}",
            Properties,
            units[..Fit],
            units[Fit..],
            []);
    }
}
