using System.Globalization;

namespace Pilotage.Streams.Expressions;

/// <summary>A value known when the pipeline was compiled; of a text, its index and the text itself.</summary>
internal sealed class LiteralScalar(double value, string? text = null) : Scalar
{
    public double Value => value;

    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row) => value;

    public override bool TryLiterals(ICollection<double> into)
    {
        into.Add(value);
        return true;
    }

    // By the text, not its index: another text of the pipeline may come or go without this one changing.
    public override string Describe() => text is null ? value.ToString("R", CultureInfo.InvariantCulture) : $"'{text}'";
}

/// <summary>A value of the row.</summary>
internal sealed class SlotScalar(int slot) : Scalar
{
    public int Slot => slot;

    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row) => row[slot];

    public override string Describe() => string.Create(CultureInfo.InvariantCulture, $"#{slot}");
}

/// <summary>The event time of the row.</summary>
internal sealed class RowtimeScalar : Scalar
{
    public static readonly RowtimeScalar Instance = new();

    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row) => FromTime(head.TimeNs);

    public override string Describe() => "rowtime";
}
