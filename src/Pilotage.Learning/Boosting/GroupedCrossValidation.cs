namespace Pilotage.Learning.Boosting;

/// <summary>Predicts every row by a model that never saw any row of the same unit.</summary>
/// <remarks>
/// Thresholds and errors are only honest on such predictions; those of the final model look too good. Which units are
/// left out together, and the seed of the models, are chance: dealt again, with other seeds, the same rows get other
/// predictions, and how far they differ is part of what is not known.
/// </remarks>
public static class GroupedCrossValidation
{
    // A prime, far from the step between members, so that no two deals share a member's seed.
    private const int SeedStep = 15_485_863;

    /// <summary>Each deal costs as much as the one before, and the mean over ten hardly moves any more.</summary>
    private const int DealsMax = 20;

    /// <summary>Out-of-fold predictions in row order, once for every deal of the units to folds.</summary>
    /// <param name="data">Rows with their units; at least as many units as folds.</param>
    /// <param name="labels">One finite label per row.</param>
    /// <param name="options">How each fold's model is grown; folds, not members, run side by side.</param>
    /// <param name="folds">Models trained per deal; each leaves out its share of the units.</param>
    /// <param name="deals">How often units are dealt to folds anew, each time with seeds of its own.</param>
    /// <param name="cancellation">Stops between trees.</param>
    /// <param name="folded">Told how many folds of all deals are done, from whichever thread finished one.</param>
    public static IReadOnlyList<float[]> Predict(
        TrainingMatrix data,
        ReadOnlySpan<float> labels,
        BoostingOptions options,
        int folds,
        int deals,
        CancellationToken cancellation,
        Action<int>? folded = null)
    {
        OptionRange.Require(deals, 1, DealsMax);
        var target = labels.ToArray();
        var dealt = new Deal[deals];
        for (var deal = 0; deal < deals; deal++)
        {
            var seeded = options with { ThreadsMax = 1, Seed = unchecked(options.Seed + (deal * SeedStep)) };
            dealt[deal] = new Deal(seeded, FoldOf(data.Units, folds, seeded.Seed), new float[data.Rows]);
        }

        var threads = new ParallelOptions
        {
            MaxDegreeOfParallelism = options.ThreadsMax,
            CancellationToken = cancellation,
        };
        var done = 0;
        Parallel.For(0, deals * folds, threads, job =>
        {
            PredictFold(data, target, dealt[job / folds], job % folds, cancellation);
            folded?.Invoke(Interlocked.Increment(ref done));
        });
        return [.. dealt.Select(deal => deal.Predictions)];
    }

    private static void PredictFold(
        TrainingMatrix data, float[] labels, Deal deal, int fold, CancellationToken cancellation)
    {
        var rows = Enumerable.Range(0, data.Rows).ToLookup(row => deal.FoldOf[data.Units[row]] == fold);
        int[] fit = [.. rows[false]];
        float[] fitLabels = [.. fit.Select(row => labels[row])];
        var trees = GradientBoosting.Train(data.Take(fit), fitLabels, deal.Options, cancellation);
        foreach (var row in rows[true])
        {
            deal.Predictions[row] = trees.Predict(data.Row(row));
        }
    }

    private static Dictionary<int, int> FoldOf(ReadOnlySpan<int> rowUnits, int folds, int seed)
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

    /// <summary>One way to deal the units to folds, and what came of it.</summary>
    private sealed record Deal(BoostingOptions Options, Dictionary<int, int> FoldOf, float[] Predictions);
}
