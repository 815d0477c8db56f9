namespace Pilotage.Streams.Expressions;

/// <summary>A function of one time; NULL of NULL.</summary>
internal sealed class TimeFunctionScalar(string name, Func<long, double> function, Scalar time) : Scalar
{
    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row)
    {
        var value = time.Evaluate(head, row);
        return double.IsNaN(value) ? Null : function(ToTime(value));
    }

    public override string Describe() => $"{name}({time.Describe()})";
}

/// <summary>A time so many units later.</summary>
internal sealed class TimeAddScalar(string unit, Scalar amount, Scalar time) : Scalar
{
    public override double Evaluate(in RowHead head, ReadOnlySpan<double> row)
    {
        var (by, value) = (amount.Evaluate(head, row), time.Evaluate(head, row));
        return double.IsNaN(by) || double.IsNaN(value) ? Null : Calendar.Add(ToTime(value), by, unit);
    }

    public override string Describe() => $"TIMESTAMPADD({unit}, {amount.Describe()}, {time.Describe()})";
}
