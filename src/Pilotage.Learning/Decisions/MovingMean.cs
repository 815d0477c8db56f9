namespace Pilotage.Learning.Decisions;

/// <summary>The mean of the last few values, as SQL's <c>AVG</c> over <c>n - 1 PRECEDING AND CURRENT ROW</c> has it.</summary>
public static class MovingMean
{
    /// <summary>Missing values are passed over; where all are missing, so is the mean. Fewer count at the beginning.</summary>
    public static double[] Of(ReadOnlySpan<double> values, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        var means = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            // Summed afresh: windows are short, and a running sum would carry its rounding for a life.
            var (sum, count) = (0.0, 0);
            foreach (var value in values[Math.Max(0, i - rows + 1)..(i + 1)])
            {
                sum += double.IsNaN(value) ? 0 : value;
                count += double.IsNaN(value) ? 0 : 1;
            }

            means[i] = count > 0 ? sum / count : double.NaN;
        }

        return means;
    }
}
