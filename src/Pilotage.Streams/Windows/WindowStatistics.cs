using Pilotage.Streams.Expressions;

namespace Pilotage.Streams.Windows;

/// <summary>Order, shape and relation of the values in a window, computed afresh like all of <see cref="WindowAggregates"/>.</summary>
internal static class WindowStatistics
{
    public static double Evaluate(in AggregateCall call, SlidingBuffer buffer, int from, int count, AggregateScratch scratch)
    {
        var values = buffer.Column(call.Column).Slice(from, count);
        return call.Function switch
        {
            AggregateFunction.Percentile => Percentile(scratch.Sorted(buffer, call.Column, from, count), call.Argument),
            AggregateFunction.CountDistinct => Distinct(scratch.Sorted(buffer, call.Column, from, count)),
            AggregateFunction.Skewness => Moments(values).Skewness,
            AggregateFunction.Kurtosis => Moments(values).Kurtosis,
            AggregateFunction.PeakToPeak => PeakToPeak(values),
            AggregateFunction.CrestFactor => CrestFactor(values),
            AggregateFunction.BandEnergy => scratch.Transformed(buffer, call.Column, from, count)?.Energy(call.Argument, call.Low, call.High) ?? Scalar.Null,
            _ => Pairs(values, buffer.Column(call.Second).Slice(from, count)).Of(call.Function),
        };
    }

    /// <summary>Linear between the two nearest values, the first being 0 and the last 1.</summary>
    private static double Percentile(ReadOnlySpan<double> sorted, double share)
    {
        if (sorted.IsEmpty)
        {
            return Scalar.Null;
        }

        var place = share * (sorted.Length - 1);
        var below = (int)place;
        var above = Math.Min(below + 1, sorted.Length - 1);
        var part = place - below;

        // By shares, not by the distance, which may be more than a number can hold.
        return part == 0 ? sorted[below] : Scalar.Finite((sorted[below] * (1 - part)) + (sorted[above] * part));
    }

    private static int Distinct(ReadOnlySpan<double> sorted)
    {
        var distinct = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            distinct += i == 0 || sorted[i] != sorted[i - 1] ? 1 : 0;
        }

        return distinct;
    }

    private static double PeakToPeak(ReadOnlySpan<double> values)
    {
        var (least, most) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values)
        {
            least = value < least ? value : least;
            most = value > most ? value : most;
        }

        // Of nothing, minus infinity.
        return Scalar.Finite(most - least);
    }

    private static double CrestFactor(ReadOnlySpan<double> values)
    {
        double peak = 0, squares = 0;
        var present = 0;
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
            {
                peak = Math.Max(peak, Math.Abs(value));
                squares += value * value;
                present++;
            }
        }

        return Scalar.Finite(peak / Math.Sqrt(squares / present));
    }

    /// <summary>Central moments, in two passes and around the first value, as in the variance.</summary>
    private static MomentSums Moments(ReadOnlySpan<double> values)
    {
        double first = 0, sum = 0;
        var present = 0;
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
            {
                first = present == 0 ? value : first;
                sum += value - first;
                present++;
            }
        }

        var mean = first + (sum / present);
        double second = 0, third = 0, fourth = 0;
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
            {
                var distance = value - mean;
                var square = distance * distance;
                second += square;
                third += square * distance;
                fourth += square * square;
            }
        }

        return new(present, second, third, fourth);
    }

    private static PairSums Pairs(ReadOnlySpan<double> ys, ReadOnlySpan<double> xs)
    {
        double firstX = 0, firstY = 0, sumX = 0, sumY = 0;
        var pairs = 0;
        for (var i = 0; i < ys.Length; i++)
        {
            if (!double.IsNaN(xs[i]) && !double.IsNaN(ys[i]))
            {
                (firstX, firstY) = pairs == 0 ? (xs[i], ys[i]) : (firstX, firstY);
                sumX += xs[i] - firstX;
                sumY += ys[i] - firstY;
                pairs++;
            }
        }

        double meanX = firstX + (sumX / pairs), meanY = firstY + (sumY / pairs), xx = 0, xy = 0, yy = 0;
        for (var i = 0; i < ys.Length; i++)
        {
            if (!double.IsNaN(xs[i]) && !double.IsNaN(ys[i]))
            {
                var (x, y) = (xs[i] - meanX, ys[i] - meanY);
                xx += x * x;
                xy += x * y;
                yy += y * y;
            }
        }

        return new(pairs, meanX, meanY, xx, xy, yy);
    }
}

/// <summary>How many values there are, and the sums of the second to fourth powers of their distances from the mean.</summary>
internal readonly record struct MomentSums(double Count, double Second, double Third, double Fourth)
{
    /// <summary>m3 / m2^1.5 of the population; NULL where nothing varies.</summary>
    public double Skewness
    {
        get
        {
            var square = Second / Count;
            return Scalar.Finite(Third / Count / (square * Math.Sqrt(square)));
        }
    }

    /// <summary>m4 / m2^2 of the population, not the excess: 3 for normal noise, 1.5 for a sine.</summary>
    public double Kurtosis
    {
        get
        {
            var square = Second / Count;
            return Scalar.Finite(Fourth / Count / (square * square));
        }
    }
}

/// <summary>Of pairs of which both are there: their number, their means, and the sums of the products of distances from these.</summary>
internal readonly record struct PairSums(double Count, double MeanX, double MeanY, double XX, double XY, double YY)
{
    public double Of(AggregateFunction function) => function switch
    {
        AggregateFunction.CovariancePopulation => Scalar.Finite(XY / Count),
        AggregateFunction.CovarianceSample => Count < 2 ? Scalar.Null : Scalar.Finite(XY / (Count - 1)),
        AggregateFunction.Intercept => Scalar.Finite(MeanY - (XY / XX * MeanX)),
        AggregateFunction.Determination => XX == 0 || Count == 0 ? Scalar.Null : YY == 0 ? 1 : Square(Correlation),
        _ => Correlation,
    };

    // Rounding may go past one by the last bit. Two signals that stand still have none.
    private double Correlation => Scalar.Finite(Math.Clamp(XY / (Math.Sqrt(XX) * Math.Sqrt(YY)), -1, 1));

    private static double Square(double value) => value * value;
}
