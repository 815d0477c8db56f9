namespace Pilotage.Core.Units;

/// <summary>A parsed UCUM unit: <c>si = value * Factor + Offset</c>.</summary>
/// <param name="Code">As it was written.</param>
/// <param name="Factor">To coherent SI units (metre, kilogram, second …).</param>
/// <param name="Offset">Not zero only for temperatures on a scale of their own, which combine with nothing.</param>
public sealed record Unit(string Code, Dimension Dimension, double Factor, double Offset)
{
    /// <summary>Whether values of one can be said in the other.</summary>
    public bool ConvertsTo(Unit other) => Dimension == other.Dimension;

    /// <summary>A value of this unit, said in another of the same dimension.</summary>
    public double To(Unit other, double value) => ((value * Factor) + Offset - other.Offset) / other.Factor;
}
