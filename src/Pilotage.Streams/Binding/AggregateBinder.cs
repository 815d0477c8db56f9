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

        var most = function is AggregateFunction.Slope or AggregateFunction.Lag ? 2 : 1;
        var least = function == AggregateFunction.Slope ? 2 : 1;
        if (call.IsStar || call.Arguments.Count < least || call.Arguments.Count > most)
        {
            var expected = function == AggregateFunction.Slope ? "REGR_SLOPE(y, x)" : $"{call.Name.ToUpperInvariant()}(value)";
            throw CompileFault.Type(call.At, $"Expected {expected}.");
        }

        var value = inner.Bind(call.Arguments[0]);
        CheckValue(call, function, value);
        var second = -1;
        var offset = 0;
        var unit = Unit(function, value.Unit);
        if (function == AggregateFunction.Slope)
        {
            var x = inner.Bind(call.Arguments[1]);
            function = x.IsTime ? AggregateFunction.SlopeOverTime : function;
            second = window.ColumnOf(x.IsTime ? x.Scalar : x.As(ColumnType.Number, "REGR_SLOPE(y, x)").Scalar, isText: false);
            unit = Units.Quotient(value.Unit, x.IsTime ? "s" : x.Unit);
        }
        else if (function == AggregateFunction.Lag)
        {
            offset = LagOffset(call, inner);
        }

        var type = function == AggregateFunction.Count || value.Type == ColumnType.Null ? ColumnType.Number
            : value.IsTime ? ColumnType.Timestamp : value.Type;
        return Add(call, window, new(function, window.ColumnOf(value.Scalar, value.Type == ColumnType.Text), second, offset, 0), type, unit, newSlot);
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
        var picks = function is AggregateFunction.Minimum or AggregateFunction.Maximum or AggregateFunction.First
            or AggregateFunction.Last or AggregateFunction.Lag;
        if (value.Type == ColumnType.Device || (value.IsTime && !picks && function != AggregateFunction.Count)
            || (value.Type == ColumnType.Text && function is not (AggregateFunction.First or AggregateFunction.Last
                or AggregateFunction.Lag or AggregateFunction.Count))
            || (value.Type == ColumnType.Boolean && !picks && function != AggregateFunction.Count))
        {
            throw CompileFault.Type(
                value.At, $"{call.Name.ToUpperInvariant()} expects a number, found {Typed.Shown(value.Type)}.");
        }
    }

    private static string? Unit(AggregateFunction function, string? unit) => function switch
    {
        // Rows come every hour or every second: what one of them stands for is not known.
        AggregateFunction.Count => null,
        AggregateFunction.VariancePopulation or AggregateFunction.VarianceSample => Units.Product(unit, unit),
        _ => unit,
    };
}
