namespace Pilotage.Learning.Boosting;

/// <summary>Gradient boosting of regression trees on histograms, with weighted squared error.</summary>
/// <remarks>
/// Each tree corrects the gradient left by those before it. Members differ by seed only and are grown independently;
/// their trees stand one after another in the result, each scaled so that the sum is the members' mean.
/// </remarks>
public static class GradientBoosting
{
    /// <summary>Trains on all rows; the same data, options and seed give the same trees, bit for bit.</summary>
    public static BoostedTrees Train(
        TrainingMatrix data, ReadOnlySpan<float> labels, BoostingOptions options, CancellationToken cancellation)
    {
        var weights = new float[labels.Length];
        for (var row = 0; row < weights.Length; row++)
        {
            weights[row] = options.WeightOf(labels[row]);
        }

        options.Validate();
        if (labels.Length != data.Rows || data.Rows == 0)
        {
            throw new ArgumentException($"{labels.Length} labels for {data.Rows} rows.", nameof(labels));
        }

        var binned = BinnedMatrix.Of(data, options.BinsMax);
        var target = labels.ToArray();
        var units = data.Units.ToArray();
        var baseValue = MeanOf(target, weights);
        var members = new List<TreeNode[]>[options.Members];
        var threads = new ParallelOptions
        {
            MaxDegreeOfParallelism = options.ThreadsMax,
            CancellationToken = cancellation,
        };
        Parallel.For(0, members.Length, threads, member =>
            members[member] = new BoostingMember(binned, target, weights, units, baseValue, options, member).Grow(cancellation));
        return new BoostedTrees(data.Columns, baseValue, [.. members.SelectMany(trees => trees)]);
    }

    private static float MeanOf(float[] labels, float[] weights)
    {
        var (sum, weight) = (0.0, 0.0);
        for (var row = 0; row < labels.Length; row++)
        {
            var label = labels[row];
            if (!float.IsFinite(label))
            {
                throw new ArgumentException($"A label is {label}; labels are finite numbers.", nameof(labels));
            }

            sum += weights[row] * label;
            weight += weights[row];
        }

        return (float)(sum / weight);
    }
}
