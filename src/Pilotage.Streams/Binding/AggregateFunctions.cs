using Pilotage.Streams.Syntax;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Binding;

/// <summary>The aggregate functions by name.</summary>
internal static class AggregateFunctions
{
    private static readonly Dictionary<string, AggregateFunction> ByName = new(StringComparer.OrdinalIgnoreCase)
    {
        ["COUNT"] = AggregateFunction.Count,
        ["SUM"] = AggregateFunction.Sum,
        ["AVG"] = AggregateFunction.Average,
        ["MIN"] = AggregateFunction.Minimum,
        ["MAX"] = AggregateFunction.Maximum,
        ["STDDEV"] = AggregateFunction.StandardDeviationSample,
        ["STDDEV_SAMP"] = AggregateFunction.StandardDeviationSample,
        ["STDDEV_POP"] = AggregateFunction.StandardDeviationPopulation,
        ["VARIANCE"] = AggregateFunction.VarianceSample,
        ["VAR_SAMP"] = AggregateFunction.VarianceSample,
        ["VAR_POP"] = AggregateFunction.VariancePopulation,
        ["RMS"] = AggregateFunction.RootMeanSquare,
        ["REGR_SLOPE"] = AggregateFunction.Slope,
        ["FIRST_VALUE"] = AggregateFunction.First,
        ["LAST_VALUE"] = AggregateFunction.Last,
        ["LAG"] = AggregateFunction.Lag,
        ["LEAD"] = AggregateFunction.Lead,
        ["MEDIAN"] = AggregateFunction.Percentile,
        ["PERCENTILE"] = AggregateFunction.Percentile,
        [CallSyntax.CountDistinct] = AggregateFunction.CountDistinct,
        ["SKEWNESS"] = AggregateFunction.Skewness,
        ["KURTOSIS"] = AggregateFunction.Kurtosis,
        ["PEAK_TO_PEAK"] = AggregateFunction.PeakToPeak,
        ["CREST_FACTOR"] = AggregateFunction.CrestFactor,
        ["CORR"] = AggregateFunction.Correlation,
        ["COVAR_POP"] = AggregateFunction.CovariancePopulation,
        ["COVAR_SAMP"] = AggregateFunction.CovarianceSample,
        ["REGR_INTERCEPT"] = AggregateFunction.Intercept,
        ["REGR_R2"] = AggregateFunction.Determination,
        ["BAND_ENERGY"] = AggregateFunction.BandEnergy,
        ["ROW_NUMBER"] = AggregateFunction.RowNumber,
    };

    public static IEnumerable<string> Names => ByName.Keys.Where(name => name != CallSyntax.CountDistinct);

    public static bool TryFind(string name, out AggregateFunction function) => ByName.TryGetValue(name, out function);
}
