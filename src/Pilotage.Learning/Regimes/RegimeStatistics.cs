namespace Pilotage.Learning.Regimes;

/// <summary>Gathers what is usual for each sensor in each regime.</summary>
internal sealed class RegimeStatistics(int regimes, int sensors)
{
    private readonly Moments[] _moments = new Moments[regimes * sensors];

    public void Add(int regime, ReadOnlySpan<float> row)
    {
        for (var sensor = 0; sensor < sensors; sensor++)
        {
            _moments[(regime * sensors) + sensor].Add(row[sensor]);
        }
    }

    public float[][] Means() => Table(moments => (float)moments.Mean);

    /// <summary>A sensor that never moved in a regime gets 1: its result is 0 there and nothing divides by 0.</summary>
    public float[][] Deviations() => Table(moments => moments.IsConstant ? 1 : (float)moments.Deviation);

    private float[][] Table(Func<Moments, float> value) =>
        [.. Enumerable.Range(0, regimes).Select(regime =>
            _moments.Skip(regime * sensors).Take(sensors).Select(value).ToArray())];
}
