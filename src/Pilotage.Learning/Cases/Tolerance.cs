namespace Pilotage.Learning.Cases;

/// <summary>How far an answer may be from the published one: |a − e| ≤ absolute + relative · |e|.</summary>
/// <param name="Relative">Of the expected value.</param>
/// <param name="Absolute">In the output's own unit.</param>
public sealed record Tolerance(double Relative, double Absolute)
{
    /// <summary>That of the ONNX backend tests for models.</summary>
    public static Tolerance Default { get; } = new(1e-3, 1e-5);

    /// <summary>Whether an answer is near enough; NaN is near to NaN only, an infinity to itself.</summary>
    public bool Holds(double expected, double answer) => expected.Equals(answer) || Math.Abs(answer - expected) <= Absolute + (Relative * Math.Abs(expected));
}
