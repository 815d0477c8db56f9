using Pilotage.Streams.Syntax;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Binding;

/// <summary>What an aggregate takes beside its values: how many arguments, and those that are known when the text is compiled.</summary>
internal static class AggregateArguments
{
    /// <summary>Whether it takes pairs, of which both must be there.</summary>
    public static bool AreOfPairs(AggregateFunction function) =>
        function is AggregateFunction.Slope or (>= AggregateFunction.Correlation and <= AggregateFunction.Determination);

    /// <summary>The name as it is written.</summary>
    public static string NameOf(CallSyntax call) => call.Name == CallSyntax.CountDistinct ? "COUNT(DISTINCT)" : call.Name.ToUpperInvariant();

    /// <summary>Refuses a wrong number of arguments, and what cannot be computed without keeping every value where none are kept.</summary>
    public static void Check(CallSyntax call, AggregateFunction function, WindowSpec window)
    {
        var isMedian = IsMedian(call);
        var (least, most, expected) = function switch
        {
            AggregateFunction.Percentile when !isMedian => (2, 2, "PERCENTILE(value, share)"),
            AggregateFunction.BandEnergy => (4, 4, "BAND_ENERGY(value, sample_rate, f_low, f_high)"),
            AggregateFunction.Lag => (1, 2, "LAG(value)"),
            AggregateFunction.CountDistinct => (1, 1, "COUNT(DISTINCT value)"),
            _ when AreOfPairs(function) => (2, 2, $"{NameOf(call)}(y, x)"),
            _ => (1, 1, $"{NameOf(call)}(value)"),
        };
        if (call.IsStar || call.Arguments.Count < least || call.Arguments.Count > most)
        {
            throw CompileFault.Type(call.At, $"Expected {expected}.");
        }

        if (window.Frame.Kind == FrameKind.Unbounded && function is AggregateFunction.Percentile or AggregateFunction.CountDistinct or AggregateFunction.BandEnergy)
        {
            throw CompileFault.Unsupported(
                call.At, $"{NameOf(call)} needs every value at once, and over everything nothing bounds them; give it a frame of ROWS or RANGE, or a window over time with GROUP BY device, window_start, window_end.");
        }
    }

    /// <summary>The call with its constants.</summary>
    public static AggregateCall With(AggregateCall call, CallSyntax syntax, BindingContext context)
    {
        switch (call.Function)
        {
            case AggregateFunction.Percentile when IsMedian(syntax):
                return call with { Argument = 0.5 };
            case AggregateFunction.Percentile:
                var share = context.Number(syntax.Arguments[1]);
                return share is >= 0 and <= 1 ? call with { Argument = share } : throw CompileFault.Type(
                    syntax.Arguments[1].At, $"PERCENTILE takes a share from 0 to 1, found {share:R}; 0.95 is the 95th percentile.");
            case AggregateFunction.BandEnergy:
                return Band(call, syntax, context);
            default:
                return call;
        }
    }

    private static AggregateCall Band(AggregateCall call, CallSyntax syntax, BindingContext context)
    {
        var (rate, low, high) = (context.Number(syntax.Arguments[1]), context.Number(syntax.Arguments[2]), context.Number(syntax.Arguments[3]));
        if (rate <= 0)
        {
            throw CompileFault.Type(syntax.Arguments[1].At, $"The sample rate of BAND_ENERGY is a number of values a second above 0, found {rate:R}.");
        }

        if (high > rate / 2)
        {
            throw CompileFault.Type(syntax.Arguments[3].At, $"Values that come {rate:R} times a second hold no frequency above half of that, found {high:R}.");
        }

        return low < high ? call with { Argument = rate, Low = low, High = high } : throw CompileFault.Type(
            syntax.Arguments[2].At, $"A band goes from a lower to a higher frequency, found {low:R} to {high:R}.");
    }

    private static bool IsMedian(CallSyntax call) => call.Name.Equals("MEDIAN", StringComparison.OrdinalIgnoreCase);
}
