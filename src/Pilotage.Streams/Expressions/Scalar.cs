namespace Pilotage.Streams.Expressions;

/// <summary>A bound expression over one row. Every value is a double; NaN, and only NaN, is NULL.</summary>
/// <remarks>
/// Booleans are 1 and 0. A text is its index in the plan's pool. A time is the bits of its int64 nanoseconds: for times
/// from 1970 to 2262 those bits are an ordinary positive double that orders as the time does, so comparing needs no
/// special case. Arithmetic that leaves the finite numbers yields NULL, so one bad value never poisons a window.
/// </remarks>
internal abstract class Scalar
{
    public const double Null = double.NaN;

    public abstract double Evaluate(in RowHead head, ReadOnlySpan<double> row);

    /// <summary>The expression in a fixed spelling, by slots: what tells whether two plans compute the same.</summary>
    public abstract string Describe();

    /// <summary>The same condition with its numeric thresholds moved by a share of themselves, so that it holds for
    /// longer (<paramref name="looser"/>) or for less long.</summary>
    public virtual Scalar WithMargin(double margin, bool looser) => this;

    /// <summary>Adds every value this can have, if they are all written down; false when it may be any.</summary>
    public virtual bool TryLiterals(ICollection<double> into) => false;

    /// <summary>Where it is a condition that can be true only for values of a column from some number on, or up to one: which; null where that is not seen.</summary>
    public virtual SlotBound? Bound() => null;

    /// <summary>Event times and devices outside of which this condition is never true.</summary>
    public virtual Reach Reach() => Expressions.Reach.All;

    public static double Finite(double value) => double.IsFinite(value) ? value : Null;

    public static double FromBoolean(bool value) => value ? 1 : 0;

    public static double FromTime(long timeNs) => BitConverter.Int64BitsToDouble(timeNs);

    public static long ToTime(double value) => BitConverter.DoubleToInt64Bits(value);
}
