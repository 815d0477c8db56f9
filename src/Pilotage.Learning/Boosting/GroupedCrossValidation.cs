namespace Pilotage.Learning.Boosting;

/// <summary>Predicts every row by a model that never saw any row of the same unit.</summary>
/// <remarks>Thresholds and errors are only honest on such predictions; those of the final model look too good.</remarks>
public static class GroupedCrossValidation
{
    /// <summary>Out-of-fold predictions in row order; units are dealt to folds by the seed of the options.</summary>
    /// <param name="data">Rows with their units; at least as many units as folds.</param>
    /// <param name="labels">One finite label per row.</param>
    /// <param name="options">How each fold's model is grown; folds, not members, run side by side.</param>
    /// <param name="folds">Models trained; each leaves out its share of the units.</param>
    /// <param name="cancellation">Stops between trees.</param>
    /// <param name="folded">Told how many folds are done, from whichever thread finished one.</param>
    public static float[] Predict(
        TrainingMatrix data,
        ReadOnlySpan<float> labels,
        BoostingOptions options,
        int folds,
        CancellationToken cancellation,
        Action<int>? folded = null)
    {
        var foldOf = Deal(data.Units, folds, options.Seed);
        var target = labels.ToArray();
        var predictions = new float[data.Rows];
        var threads = new ParallelOptions
        {
            MaxDegreeOfParallelism = options.ThreadsMax,
            CancellationToken = cancellation,
        };
        var done = 0;
        Parallel.For(0, folds, threads, fold =>
        {
            PredictFold(data, target, options with { ThreadsMax = 1 }, foldOf, fold, predictions, cancellation);
            folded?.Invoke(Interlocked.Increment(ref done));
        });
        return predictions;
    }

    private static void PredictFold(
        TrainingMatrix data,
        float[] labels,
        BoostingOptions options,
        Dictionary<int, int> foldOf,
        int fold,
        float[] predictions,
        CancellationToken cancellation)
    {
        var rows = Enumerable.Range(0, data.Rows).ToLookup(row => foldOf[data.Units[row]] == fold);
        int[] fit = [.. rows[false]];
        float[] fitLabels = [.. fit.Select(row => labels[row])];
        var trees = GradientBoosting.Train(data.Take(fit), fitLabels, options, cancellation);
        foreach (var row in rows[true])
        {
            predictions[row] = trees.Predict(data.Row(row));
        }
    }

    private static Dictionary<int, int> Deal(ReadOnlySpan<int> rowUnits, int folds, int seed)
    {
        var units = rowUnits.ToArray().Distinct().Order().ToArray();
        if (folds < 2 || units.Length < folds)
        {
            throw new ArgumentOutOfRangeException(
                nameof(folds), folds, $"{folds} folds of {units.Length} units; each fold needs at least one, and two folds.");
        }

        new Random(seed).Shuffle(units);
        return units.Select((unit, i) => (unit, fold: i % folds)).ToDictionary(pair => pair.unit, pair => pair.fold);
    }
}
