namespace Pilotage.Learning.Decisions;

/// <summary>One life of a machine, from new or overhauled to its end, counted in cycles of observation.</summary>
/// <param name="Unit">The machine; one machine may live several lives, and they are never treated as independent.</param>
/// <param name="Cycles">Cycles run until the end.</param>
/// <param name="Failed">False when observation ended before the machine did: how long it would have run is unknown.</param>
public sealed record Life(string Unit, int Cycles, bool Failed = true);

/// <summary>What a policy made of one life: cycles it ran, hours it stood, and whether it failed in service.</summary>
public readonly record struct LifeOutcome(double Cycles, double Hours, bool Unplanned)
{
    public double UnplannedHours => Unplanned ? Hours : 0;
}
