namespace Pilotage.Learning.Regimes;

/// <summary>How operating regimes are looked for.</summary>
public sealed record RegimeOptions
{
    internal const int RegimesLimit = 8;

    /// <summary>Most regimes considered.</summary>
    public int RegimesMax { get; init; } = RegimesLimit;

    /// <summary>Least mean silhouette of a partition that counts as regimes: 1 is perfectly apart, noise scores 0.6.</summary>
    /// <remarks>Below it the settings are one cloud, and cutting a cloud would only thin the statistics.</remarks>
    public double SilhouetteMin { get; init; } = 0.8;

    /// <summary>Least share of rows in a regime; fewer cannot say what is usual there.</summary>
    public double ShareMin { get; init; } = 0.01;

    /// <summary>Rows looked at while choosing; more are sampled evenly.</summary>
    public int RowsMax { get; init; } = 4_000;

    /// <summary>Starts of the clustering per number of regimes; the best one counts.</summary>
    public int Starts { get; init; } = 8;

    public int Seed { get; init; } = 42;

    /// <summary>Throws with the name, the value and the range when an option is out of bounds.</summary>
    public void Validate()
    {
        OptionRange.Require(RegimesMax, 1, RegimesLimit);
        OptionRange.Require(SilhouetteMin, 0, 1);
        OptionRange.Require(ShareMin, 0, 0.5);
        OptionRange.Require(RowsMax, 100, 1_000_000);
        OptionRange.Require(Starts, 1, 100);
    }
}
