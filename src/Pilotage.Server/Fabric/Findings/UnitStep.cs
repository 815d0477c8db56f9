namespace Pilotage.Server.Fabric.Findings;

/// <summary>What becomes of values that are said in another unit.</summary>
internal readonly record struct UnitStep(string From, string To, double Factor, double Offset)
{
    public double Apply(double value) => (Factor * value) + Offset;

    public override string ToString() => $"{From} to {To}";
}
