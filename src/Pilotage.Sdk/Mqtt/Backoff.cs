namespace Pilotage.Sdk.Mqtt;

/// <summary>
/// Full jitter: each pause lies anywhere between nothing and a bound that doubles, so that a fleet that was cut off
/// together does not come back together.
/// </summary>
internal sealed class Backoff(TimeSpan min, TimeSpan max, TimeSpan stableAfter, Random random)
{
    private const int DoublingsMax = 30;
    private int _failures;

    public TimeSpan Next()
    {
        var doubled = min.TotalSeconds * Math.Pow(2, _failures);
        _failures = Math.Min(_failures + 1, DoublingsMax);
        return TimeSpan.FromSeconds(random.NextDouble() * Math.Min(max.TotalSeconds, doubled));
    }

    /// <summary>A connection has ended after this long; only one that held shows that the trouble is over.</summary>
    public void Held(TimeSpan howLong)
    {
        if (howLong >= stableAfter)
        {
            _failures = 0;
        }
    }
}
