namespace Pilotage.Core.Units;

/// <summary>A parsed UCUM unit: <c>si = value * Factor + Offset</c>.</summary>
public sealed class Unit
{
    private readonly Exact _factor;
    private readonly Exact _offset;

    internal Unit(string code, UcumAtom unit)
    {
        Code = code;
        Dimension = unit.Dimension;
        Scale = unit.Scale;
        _factor = unit.Factor;
        _offset = unit.Offset;
        Factor = _factor.ToDouble();
        Offset = _offset.ToDouble();
    }

    /// <summary>As it was written.</summary>
    public string Code { get; }

    public Dimension Dimension { get; }

    /// <summary>The logarithmic scale it stands on, such as <c>B[W]</c>; null for a unit that is proportional to its quantity.</summary>
    public string? Scale { get; }

    /// <summary>To coherent SI units (metre, kilogram, second …), the nearest double.</summary>
    public double Factor { get; }

    /// <summary>Not zero only for temperatures on a scale of their own, which combine with nothing.</summary>
    public double Offset { get; }

    /// <summary>Whether values of one can be said in the other.</summary>
    public bool ConvertsTo(Unit other) => Dimension == other.Dimension && Scale == other.Scale;

    /// <summary>Whether a number means the same in both, as of <c>/min</c> and <c>1/min</c>.</summary>
    public bool IsSameAs(Unit other) => ConvertsTo(other) && _factor == other._factor && _offset == other._offset;

    /// <summary>A value of this unit, said in another of the same dimension.</summary>
    public double To(Unit other, double value) => Conversion(this, other).Of(value);

    /// <summary>How values of this unit become values of another, or why they cannot.</summary>
    public Outcome<UnitConversion> ConversionTo(Unit other) => ConvertsTo(other)
        ? Conversion(this, other)
        : new Refusal("unit.incommensurable", $"{Named(this)} does not convert to {Named(other)}: {Why(this, other)}.");

    /// <inheritdoc/>
    public override string ToString() => Code;

    private static UnitConversion Conversion(Unit from, Unit to) => new(from._factor / to._factor, (from._offset - to._offset) / to._factor);

    private static string Named(Unit unit) => $"\"{unit.Code}\" ({Quantities.NameOf(unit)})";

    private static string Why(Unit from, Unit to) => (from.Scale ?? to.Scale) is { } scale
        ? $"{scale} is a logarithmic scale, which converts to itself alone"
        : "they measure different quantities";
}
