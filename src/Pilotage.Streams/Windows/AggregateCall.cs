namespace Pilotage.Streams.Windows;

/// <summary>What an aggregate computes. All but <see cref="CountRows"/> and <see cref="Lag"/> leave NULLs
/// out.</summary>
internal enum AggregateFunction
{
    CountRows,
    Count,
    Sum,
    Average,
    Minimum,
    Maximum,
    StandardDeviationSample,
    StandardDeviationPopulation,
    VarianceSample,
    VariancePopulation,
    RootMeanSquare,
    Slope,
    SlopeOverTime,
    First,
    Last,
    Lag,

    /// <summary>Linear between the nearest values; MEDIAN is that of a half.</summary>
    Percentile,
    CountDistinct,
    Skewness,
    Kurtosis,
    PeakToPeak,
    CrestFactor,
    Correlation,
    CovariancePopulation,
    CovarianceSample,
    Intercept,
    Determination,

    /// <summary>The share of a band of frequencies in the mean square.</summary>
    BandEnergy,

    /// <summary>Not of a window's values: how many rows there were with the same keys.</summary>
    RowNumber,

    /// <summary>Not of a window's values: what a row that comes later holds.</summary>
    Lead,
}

/// <summary>One aggregate of a window: which columns of the window it reads and which slot of the row it
/// fills.</summary>
/// <remarks>The column is -1 for <c>COUNT(*)</c>, the second is the x of a slope and else -1, the offset how many rows
/// back LAG looks.</remarks>
internal readonly record struct AggregateCall(AggregateFunction Function, int Column, int Second, int Offset, int Slot)
{
    /// <summary>The share of a percentile, or the sample rate of a spectrum.</summary>
    public double Argument { get; init; }

    /// <summary>Where a band of frequencies begins.</summary>
    public double Low { get; init; }

    /// <summary>Where it ends.</summary>
    public double High { get; init; }
}
