namespace Pilotage.Core.Units;

/// <summary>A unit while it is read: a symbol of the standard, or what a product of them comes to.</summary>
/// <param name="Factor">To coherent SI units.</param>
/// <param name="Offset">Of a temperature with its own zero, in kelvin.</param>
/// <param name="IsMetric">Whether it takes a prefix.</param>
/// <param name="Scale">The logarithmic scale it stands on, or null.</param>
internal sealed record UcumAtom(Exact Factor, Dimension Dimension, Exact Offset, bool IsMetric = false, string? Scale = null)
{
    public static UcumAtom Number(Exact factor) => new(factor, Dimension.None, Exact.Zero);

    public UcumAtom Times(UcumAtom other) => new(Factor * other.Factor, Dimension * other.Dimension, Exact.Zero);

    /// <summary>Raised to a whole power; a difference on a scale with its own zero counts as one of its base unit.</summary>
    public UcumAtom Power(int n) => new(Factor.Power(n), Dimension.Power(n), Exact.Zero);
}
