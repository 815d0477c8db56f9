using Pilotage.Streams.Expressions;
using Pilotage.Streams.Syntax;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Binding;

/// <summary>Binds one aggregate call into a window and gives the slot that will hold its value.</summary>
internal static class AggregateBinder
{
    /// <summary>Adds the call to the window unless an equal one is there; arguments are bound over the window's
    /// input.</summary>
    public static Typed Bind(
        CallSyntax call, AggregateFunction function, WindowSpec window, ExpressionBinder inner, Func<int> newSlot)
    {
        if (function == AggregateFunction.Count && call.IsStar)
        {
            return Add(call, window, new(AggregateFunction.CountRows, -1, -1, 0, 0), ColumnType.Number, null, newSlot);
        }

        AggregateArguments.Check(call, function, window);
        var value = inner.Bind(call.Arguments[0]);
        CheckValue(call, function, value);
        var second = -1;
        var offset = 0;
        var unit = Unit(function, value.Unit);
        if (AggregateArguments.AreOfPairs(function))
        {
            var x = inner.Bind(call.Arguments[1]);
            var isTimed = x.IsTime && function == AggregateFunction.Slope;
            function = isTimed ? AggregateFunction.SlopeOverTime : function;
            second = window.ColumnOf(isTimed ? x.Scalar : x.As(ColumnType.Number, $"{AggregateArguments.NameOf(call)}(y, x)").Scalar, isText: false);
            unit = UnitOfPair(function, value.Unit, isTimed ? "s" : x.Unit);
        }
        else if (function == AggregateFunction.Lag)
        {
            offset = LagOffset(call, inner);
        }

        var type = function is AggregateFunction.Count or AggregateFunction.CountDistinct || value.Type == ColumnType.Null ? ColumnType.Number
            : value.IsTime ? ColumnType.Timestamp : value.Type;
        var column = window.ColumnOf(value.Scalar, value.Type == ColumnType.Text);
        return Add(call, window, AggregateArguments.With(new(function, column, second, offset, 0), call, inner.Context), type, unit, newSlot);
    }

    /// <summary>How many rows back a LAG looks: one, unless its second argument says otherwise.</summary>
    public static int LagOffset(CallSyntax call, ExpressionBinder inner) => call.Arguments.Count < 2
        ? 1
        : inner.Context.Rows(new(call.Arguments[1].At, call.Arguments[1], null));

    private static Typed Add(
        CallSyntax call, WindowSpec window, AggregateCall wanted, ColumnType type, string? unit, Func<int> newSlot)
    {
        foreach (var there in window.Calls)
        {
            if (there with { Slot = 0 } == wanted)
            {
                return new(new SlotScalar(there.Slot), type, unit, call.At);
            }
        }

        var added = wanted with { Slot = newSlot() };
        window.Calls.Add(added);
        return new(new SlotScalar(added.Slot), type, unit, call.At);
    }

    private static void CheckValue(CallSyntax call, AggregateFunction function, Typed value)
    {
        // A time can be picked but not added up; anything can be counted.
        var counts = function is AggregateFunction.Count or AggregateFunction.CountDistinct;
        var picks = function is AggregateFunction.Minimum or AggregateFunction.Maximum or AggregateFunction.First
            or AggregateFunction.Last or AggregateFunction.Lag;
        if (value.Type == ColumnType.Device || (value.IsTime && !picks && !counts)
            || (value.Type == ColumnType.Text && !counts && function is not (AggregateFunction.First or AggregateFunction.Last or AggregateFunction.Lag))
            || (value.Type == ColumnType.Boolean && !picks && !counts))
        {
            throw CompileFault.Type(
                value.At, $"{AggregateArguments.NameOf(call)} expects a number, found {Typed.Shown(value.Type)}.");
        }
    }

    private static string? Unit(AggregateFunction function, string? unit) => function switch
    {
        // Rows come every hour or every second: what one of them stands for is not known.
        AggregateFunction.Count or AggregateFunction.CountDistinct => null,
        AggregateFunction.VariancePopulation or AggregateFunction.VarianceSample or AggregateFunction.BandEnergy => Units.Product(unit, unit),
        AggregateFunction.Skewness or AggregateFunction.Kurtosis or AggregateFunction.CrestFactor => Units.One,
        AggregateFunction.PeakToPeak => Units.Difference(unit),
        _ => unit,
    };

    private static string? UnitOfPair(AggregateFunction function, string? y, string? x) => function switch
    {
        AggregateFunction.Correlation or AggregateFunction.Determination => Units.One,
        AggregateFunction.CovariancePopulation or AggregateFunction.CovarianceSample => Units.Product(y, x),
        AggregateFunction.Intercept => y,
        _ => Units.Quotient(y, x),
    };
}
