using Pilotage.Core.Units;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams.Binding;

/// <summary>What arithmetic does to units (UCUM codes), as far as they are known; null is unknown and goes with
/// anything.</summary>
/// <remarks>Two spellings of one unit are one (<c>/min</c> and <c>1/min</c>); two units of one dimension are not, for
/// numbers in <c>h</c> and in <c>min</c> must not be added unconverted. A code UCUM does not know is compared as text.
/// A difference of two <c>Cel</c> is a <c>K</c>.</remarks>
internal static class Units
{
    public const string One = "1";
    private const string Celsius = "Cel";
    private const string Kelvin = "K";

    public static string? Sum(SourcePosition at, bool subtract, string? left, string? right) => (left, right) switch
    {
        (null, _) or (_, null) => left ?? right,
        (Celsius, Celsius) => subtract ? Kelvin : null,
        (Celsius, Kelvin) => Celsius,
        (Kelvin, Celsius) when !subtract => Celsius,
        _ => Same(at, subtract ? "subtract" : "add", left, right),
    };

    /// <summary>The common unit of operands that must agree, such as the two sides of a comparison.</summary>
    public static string? Same(SourcePosition at, string verb, string? left, string? right) =>
        left is null || right is null || AreOne(left, right)
            ? left ?? right
            : throw CompileFault.Unit(at, $"Cannot {verb} {left} and {right}: the units differ.");

    /// <summary>The unit of how far two values of one unit are apart.</summary>
    public static string? Difference(string? unit) => unit == Celsius ? Kelvin : unit;

    public static string? Product(string? left, string? right) => (left, right) switch
    {
        (null, _) or (_, null) => null,
        (One, _) => right,
        (_, One) => left,
        _ => $"{Grouped(left)}.{Grouped(right)}",
    };

    public static string? Quotient(string? left, string? right) => (left, right) switch
    {
        (null, _) or (_, null) => null,
        _ when AreOne(left, right) => One,
        (_, One) => left,
        _ => $"{left}/{Grouped(right)}",
    };

    /// <summary>Whether a number in one unit means the same in the other.</summary>
    public static bool AreOne(string left, string right) =>
        left == right || (Ucum.Parse(left).TryGet(out var a, out _) && Ucum.Parse(right).TryGet(out var b, out _) && a.IsSameAs(b));

    private static string Grouped(string unit) => unit.AsSpan().ContainsAny('/', '.') ? $"({unit})" : unit;
}
