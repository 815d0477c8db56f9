using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Pilotage.Streams.Expressions;

namespace Pilotage.Streams.Windows;

/// <summary>Aggregates computed afresh over the rows of a window, in vectors.</summary>
/// <remarks>
/// Afresh, because then the result is a function of the rows in the window and of nothing else: no drift from adding
/// and taking away, and a replay that starts elsewhere in history gives the same bits. The vector is always 256 bits
/// wide and never fused, so that an edge and the server sum in the same order whatever their processors.
/// </remarks>
internal static class WindowAggregates
{
    private const double NsPerSecond = 1e9;

    public static double Evaluate(in AggregateCall call, SlidingBuffer buffer, int from, int count, AggregateScratch scratch)
    {
        if (call.Function == AggregateFunction.CountRows)
        {
            return count;
        }

        var values = buffer.Column(call.Column).Slice(from, count);
        switch (call.Function)
        {
            case AggregateFunction.Count:
                _ = Sum(values, 0, out var present);
                return present;
            case AggregateFunction.Sum:
                var sum = Sum(values, 0, out present);
                return present == 0 ? Scalar.Null : Scalar.Finite(sum);
            case AggregateFunction.Average:
                return Mean(values, 0, out _);
            case AggregateFunction.Minimum:
                return Extreme(values, greatest: false);
            case AggregateFunction.Maximum:
                return Extreme(values, greatest: true);
            case AggregateFunction.StandardDeviationSample:
                return Math.Sqrt(Variance(values, sample: true));
            case AggregateFunction.StandardDeviationPopulation:
                return Math.Sqrt(Variance(values, sample: false));
            case AggregateFunction.VarianceSample:
                return Variance(values, sample: true);
            case AggregateFunction.VariancePopulation:
                return Variance(values, sample: false);
            case AggregateFunction.RootMeanSquare:
                return Scalar.Finite(Math.Sqrt(SumOfSquares(values, 0, out present) / present));
            case AggregateFunction.Slope:
                return Slope(values, buffer.Column(call.Second).Slice(from, count));
            case AggregateFunction.SlopeOverTime:
                return SlopeOverTime(values, buffer.Column(call.Second).Slice(from, count));
            case AggregateFunction.First:
                return First(values);
            case AggregateFunction.Last:
                return Last(values);
            case AggregateFunction.Lag:
                return values.Length > call.Offset ? values[^(call.Offset + 1)] : Scalar.Null;
            default:
                return WindowStatistics.Evaluate(call, buffer, from, count, scratch);
        }
    }

    private static double Mean(ReadOnlySpan<double> values, double from, out int present) =>
        Scalar.Finite(Sum(values, from, out present) / present);

    // The sum of the distances from a value; from nothing, the sum.
    private static double Sum(ReadOnlySpan<double> values, double from, out int present)
    {
        var vectors = MemoryMarshal.Cast<double, Vector256<double>>(values);
        var origin = Vector256.Create(from);
        var total = Vector256<double>.Zero;
        var counted = Vector256<double>.Zero;
        foreach (var vector in vectors)
        {
            var there = Vector256.Equals(vector, vector);
            total += (vector - origin) & there;
            counted += Vector256<double>.One & there;
        }

        var sum = ((total[0] + total[1]) + total[2]) + total[3];
        var count = counted[0] + counted[1] + counted[2] + counted[3];
        foreach (var value in values[(vectors.Length * Vector256<double>.Count)..])
        {
            sum += double.IsNaN(value) ? 0 : value - from;
            count += double.IsNaN(value) ? 0 : 1;
        }

        present = (int)count;
        return sum;
    }

    private static double SumOfSquares(ReadOnlySpan<double> values, double around, out int present)
    {
        var vectors = MemoryMarshal.Cast<double, Vector256<double>>(values);
        var centre = Vector256.Create(around);
        var total = Vector256<double>.Zero;
        var counted = Vector256<double>.Zero;
        foreach (var vector in vectors)
        {
            var there = Vector256.Equals(vector, vector);
            var distance = (vector - centre) & there;
            total += distance * distance;
            counted += Vector256<double>.One & there;
        }

        var sum = ((total[0] + total[1]) + total[2]) + total[3];
        var count = counted[0] + counted[1] + counted[2] + counted[3];
        foreach (var value in values[(vectors.Length * Vector256<double>.Count)..])
        {
            var distance = value - around;
            sum += double.IsNaN(value) ? 0 : distance * distance;
            count += double.IsNaN(value) ? 0 : 1;
        }

        present = (int)count;
        return sum;
    }

    // Two passes: the mean first, then the squares around it, so that a large mean costs no digits. The mean is taken as a
    // distance from the first value, so that a signal that stands still has a variance of exactly nothing.
    private static double Variance(ReadOnlySpan<double> values, bool sample)
    {
        var first = First(values);
        var mean = first + Mean(values, first, out var present);
        var degrees = sample ? present - 1 : present;
        return degrees <= 0 ? Scalar.Null : Scalar.Finite(SumOfSquares(values, mean, out _) / degrees);
    }

    private static double Extreme(ReadOnlySpan<double> values, bool greatest)
    {
        var extreme = Scalar.Null;
        foreach (var value in values)
        {
            // The comparison is false while nothing was found, so the first value is taken by the second test.
            if ((greatest ? value > extreme : value < extreme) || double.IsNaN(extreme))
            {
                extreme = value;
            }
        }

        return extreme;
    }

    private static double First(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
            {
                return value;
            }
        }

        return Scalar.Null;
    }

    private static double Last(ReadOnlySpan<double> values)
    {
        for (var i = values.Length - 1; i >= 0; i--)
        {
            if (!double.IsNaN(values[i]))
            {
                return values[i];
            }
        }

        return Scalar.Null;
    }

    private static double Slope(ReadOnlySpan<double> ys, ReadOnlySpan<double> xs)
    {
        // Distances from the first x, as in the variance: a line through one x has no slope, not a slope of rounding errors.
        double first = 0, sumX = 0, sumY = 0;
        var pairs = 0;
        for (var i = 0; i < ys.Length; i++)
        {
            if (!double.IsNaN(xs[i]) && !double.IsNaN(ys[i]))
            {
                first = pairs == 0 ? xs[i] : first;
                sumX += xs[i] - first;
                sumY += ys[i];
                pairs++;
            }
        }

        double meanX = first + (sumX / pairs), meanY = sumY / pairs, xx = 0, xy = 0;
        for (var i = 0; i < ys.Length; i++)
        {
            if (!double.IsNaN(xs[i]) && !double.IsNaN(ys[i]))
            {
                xx += (xs[i] - meanX) * (xs[i] - meanX);
                xy += (xs[i] - meanX) * (ys[i] - meanY);
            }
        }

        return Scalar.Finite(xy / xx);
    }

    // Seconds before the newest row: small numbers, whatever the year.
    private static double SlopeOverTime(ReadOnlySpan<double> ys, ReadOnlySpan<double> times)
    {
        if (times.IsEmpty)
        {
            return Scalar.Null;
        }

        var origin = Scalar.ToTime(times[^1]);
        double sumX = 0, sumY = 0;
        var pairs = 0;
        for (var i = 0; i < ys.Length; i++)
        {
            if (!double.IsNaN(ys[i]))
            {
                sumX += Seconds(times[i], origin);
                sumY += ys[i];
                pairs++;
            }
        }

        double meanX = sumX / pairs, meanY = sumY / pairs, xx = 0, xy = 0;
        for (var i = 0; i < ys.Length; i++)
        {
            if (!double.IsNaN(ys[i]))
            {
                var x = Seconds(times[i], origin) - meanX;
                xx += x * x;
                xy += x * (ys[i] - meanY);
            }
        }

        return Scalar.Finite(xy / xx);
    }

    private static double Seconds(double time, long origin) => (Scalar.ToTime(time) - origin) / NsPerSecond;
}
