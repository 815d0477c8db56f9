namespace Pilotage.Learning.Decisions;

/// <summary>Which side of the threshold raises the alarm.</summary>
public enum AlarmSide
{
    Below,
    Above,
}

/// <summary>A score for every cycle of one life, and when it would have raised an alarm.</summary>
/// <remarks>
/// Only the first crossing matters, so the running extreme is kept: it never turns back, and a binary search finds the
/// crossing. A missing score (NaN) raises nothing.
/// </remarks>
public sealed class AlarmSeries
{
    // Negated for Above, so that one direction serves both.
    private readonly double[] _lowest;

    /// <param name="life">The life scored.</param>
    /// <param name="scores">Score at cycle 1, 2, …; a decision at a cycle sees no later one.</param>
    /// <param name="side">Which side of a threshold alarms.</param>
    public AlarmSeries(Life life, ReadOnlySpan<double> scores, AlarmSide side)
    {
        if (scores.Length > life.Cycles)
        {
            throw new ArgumentException($"{scores.Length} scores for a life of {life.Cycles} cycles.", nameof(scores));
        }

        Life = life;
        Side = side;
        _lowest = new double[scores.Length];
        var lowest = double.PositiveInfinity;
        for (var i = 0; i < scores.Length; i++)
        {
            var score = Signed(scores[i]);
            lowest = score < lowest ? score : lowest;
            _lowest[i] = lowest;
        }
    }

    public Life Life { get; }

    public AlarmSide Side { get; }

    /// <summary>The first cycle whose score lies strictly beyond the threshold, or null.</summary>
    public int? FirstAlarm(double threshold)
    {
        var limit = Signed(threshold);
        int low = 0, high = _lowest.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_lowest[middle] < limit)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low < _lowest.Length ? low + 1 : null;
    }

    /// <summary>The running extremes: every threshold that changes the alarm of this life lies between two of them.</summary>
    internal IEnumerable<double> Extremes =>
        _lowest.Where(double.IsFinite).Distinct().Select(Signed);

    private double Signed(double value) => Side == AlarmSide.Below ? value : -value;
}
