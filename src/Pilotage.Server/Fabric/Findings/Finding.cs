namespace Pilotage.Server.Fabric.Findings;

/// <summary>One kind of finding of one series: since when, how often, and how much it still weighs.</summary>
internal struct Finding
{
    /// <summary>Half of what a finding weighs is forgotten in this time once it has healed.</summary>
    public const long HalfLifeNs = 24L * 3_600_000_000_000;

    // Below it nothing is told, and what comes then is a new one.
    private const double LevelMin = 0.02;

    /// <summary>Times it began; 0 for never.</summary>
    public long Count;

    /// <summary>Device time at which it began, the first of those that are still told.</summary>
    public long SinceNs;

    /// <summary>Device time at which it was last seen.</summary>
    public long LastNs;

    /// <summary>What was found, last.</summary>
    public double Value;

    /// <summary>What was usual then.</summary>
    public double Usual;

    /// <summary>From 0 to 1, as of <see cref="LevelAtNs"/>.</summary>
    public double Level;

    /// <summary>Server time of <see cref="Level"/>.</summary>
    public long LevelAtNs;

    /// <summary>Which conversion, of a jump of units; whether it drifts, of a clock.</summary>
    public int Detail;

    /// <summary>Whether it lasts.</summary>
    public bool IsActive;

    /// <summary>How much it weighs now, from 0 to 1.</summary>
    public readonly double LevelAt(long nowNs) =>
        IsActive ? 1 : Level * Math.Pow(2, -Math.Max(0, nowNs - LevelAtNs) / (double)HalfLifeNs);

    /// <summary>Whether there is still something to tell.</summary>
    public readonly bool IsTold(long nowNs) => Count > 0 && LevelAt(nowNs) >= LevelMin;

    /// <summary>It happened once.</summary>
    public void Happen(long timeNs, long nowNs, double value, double usual, double increment)
    {
        if (!IsTold(nowNs))
        {
            SinceNs = timeNs;
        }

        var level = LevelAt(nowNs);
        (Level, LevelAtNs) = (level + ((1 - level) * increment), nowNs);
        Count++;
        (LastNs, Value, Usual) = (timeNs, value, usual);
    }

    /// <summary>It began and lasts.</summary>
    public void Begin(long sinceNs, long timeNs, double value, double usual)
    {
        Count++;
        (IsActive, SinceNs, LastNs, Value, Usual) = (true, sinceNs, timeNs, value, usual);
    }

    /// <summary>It lasts no more; from now on it is forgotten little by little.</summary>
    public void End(long nowNs) => (IsActive, Level, LevelAtNs) = (false, 1, nowNs);
}
