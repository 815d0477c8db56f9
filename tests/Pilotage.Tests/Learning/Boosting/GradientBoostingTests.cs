using Pilotage.Learning.Boosting;
using Xunit;

namespace Pilotage.Tests.Learning.Boosting;

public sealed class GradientBoostingTests
{
    private static readonly BoostingOptions Small = new()
    {
        Trees = 60, LearningRate = 0.15, LeavesMax = 12, DepthMax = 5, ChildWeightMin = 5, RowShare = 0.8, ColumnShare = 1,
    };

    [Fact]
    public void Explains_a_curved_surface_on_rows_it_never_saw()
    {
        var (data, labels) = Surface(rows: 3000, seed: 1);
        var (fresh, truth) = Surface(rows: 500, seed: 2);

        var trees = GradientBoosting.Train(data, labels, Small, CancellationToken.None);

        Assert.True(Rmse(trees, fresh, truth) < 0.35, $"RMSE is {Rmse(trees, fresh, truth)}.");
        // A constant would leave more than 2.
        Assert.True(Spread(truth) > 2);
    }

    [Fact]
    public void Gives_the_same_trees_for_the_same_seed_on_one_thread_or_two()
    {
        var (data, labels) = Surface(rows: 600, seed: 3);
        var options = Small with { Trees = 8, Members = 3, RowShare = 0.5, ColumnShare = 0.7 };

        var one = GradientBoosting.Train(data, labels, options with { ThreadsMax = 1 }, CancellationToken.None);
        var two = GradientBoosting.Train(data, labels, options with { ThreadsMax = 2 }, CancellationToken.None);
        var other = GradientBoosting.Train(data, labels, options with { Seed = 7 }, CancellationToken.None);

        Assert.Equal(Nodes(one), Nodes(two));
        Assert.NotEqual(Nodes(one), Nodes(other));
    }

    [Fact]
    public void Sends_missing_values_where_they_belong()
    {
        // Missing means high here, and only the missing bin can say so.
        var random = new Random(4);
        var values = new float[1000];
        var labels = new float[1000];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = i % 4 == 0 ? float.NaN : random.NextSingle();
            labels[i] = float.IsNaN(values[i]) || values[i] > 0.5f ? 10 : 0;
        }

        var trees = GradientBoosting.Train(
            new TrainingMatrix(values, 1, new int[1000]), labels, Small, CancellationToken.None);

        Assert.Equal(10, trees.Predict([float.NaN]), 0.1f);
        Assert.Equal(10, trees.Predict([0.9f]), 0.1f);
        Assert.Equal(0, trees.Predict([0.1f]), 0.1f);
    }

    [Fact]
    public void Sends_a_value_that_was_never_missing_in_training_with_the_majority()
    {
        float[] values = [.. Enumerable.Range(0, 100).Select(i => (float)i)];
        float[] labels = [.. values.Select(value => value < 80 ? 1f : 5f)];
        var options = Small with { Trees = 1, LearningRate = 1, L2 = 0, LeavesMax = 2, RowShare = 1 };

        var trees = GradientBoosting.Train(
            new TrainingMatrix(values, 1, new int[100]), labels, options, CancellationToken.None);

        Assert.Equal(1, trees.Predict([float.NaN]), 1e-4f);
    }

    [Fact]
    public void Cuts_between_two_neighbouring_floats_without_mixing_them_up()
    {
        var low = 1f;
        var high = MathF.BitIncrement(low);
        float[] values = [.. Enumerable.Range(0, 40).Select(i => i < 20 ? low : high)];
        float[] labels = [.. values.Select(value => value > low ? 3f : 0f)];
        var options = Small with { Trees = 1, LearningRate = 1, L2 = 0, RowShare = 1 };

        var trees = GradientBoosting.Train(
            new TrainingMatrix(values, 1, new int[40]), labels, options, CancellationToken.None);

        Assert.Equal(0, trees.Predict([low]), 1e-5f);
        Assert.Equal(3, trees.Predict([high]), 1e-5f);
    }

    [Fact]
    public void Stops_early_when_held_out_units_no_longer_gain()
    {
        // Labels differ by unit only, and the feature tells units apart: everything learnt is memory.
        var random = new Random(5);
        var units = Enumerable.Range(0, 400).Select(i => i / 20).ToArray();
        var perUnit = Enumerable.Range(0, 20).Select(_ => random.NextSingle() * 10).ToArray();
        float[] values = [.. units.Select(unit => (float)unit)];
        float[] labels = [.. units.Select(unit => perUnit[unit])];
        var options = Small with { Trees = 200, HeldOutShare = 0.3, Patience = 5 };

        var trees = GradientBoosting.Train(new TrainingMatrix(values, 1, units), labels, options, CancellationToken.None);

        Assert.True(trees.Count < 100, $"{trees.Count} trees were kept.");
    }

    [Fact]
    public void Leans_towards_near_labels_where_rows_cannot_be_told_apart()
    {
        // Half the rows are 0 and half are 100, and nothing tells which: equal weights give 50, 9 to 1 gives 10.
        float[] labels = [.. Enumerable.Range(0, 200).Select(row => row % 2 == 0 ? 0f : 100f)];
        var data = new TrainingMatrix(new float[200], 1, new int[200]);

        var equal = GradientBoosting.Train(data, labels, Small, CancellationToken.None);
        var near = GradientBoosting.Train(data, labels, Small with { NearWeight = 9, NearLabel = 60 }, CancellationToken.None);

        Assert.Equal(50, equal.Predict([0]), 1.5f);
        Assert.Equal(10, near.Predict([0]), 1.5f);
    }

    [Fact]
    public void Lets_the_weight_of_near_labels_fall_in_a_straight_line()
    {
        var options = Small with { NearWeight = 21, NearLabel = 60 };

        Assert.Equal([21, 11, 1, 1], new[] { 0f, 30f, 60f, 90f }.Select(options.WeightOf));
        Assert.Equal([1, 1], new[] { 0f, 90f }.Select(Small.WeightOf));
    }

    [Fact]
    public void Keeps_every_leaf_at_its_least_weight()
    {
        var (data, labels) = Surface(rows: 300, seed: 6);
        var options = Small with { Trees = 5, ChildWeightMin = 40, RowShare = 1 };

        var trees = GradientBoosting.Train(data, labels, options, CancellationToken.None);

        for (var tree = 0; tree < trees.Count; tree++)
        {
            var counts = new Dictionary<int, int>();
            for (var row = 0; row < data.Rows; row++)
            {
                var leaf = LeafOf(trees.Tree(tree), data.Row(row));
                counts[leaf] = counts.GetValueOrDefault(leaf) + 1;
            }

            Assert.All(counts.Values, count => Assert.True(count >= 40, $"A leaf holds {count} rows."));
        }
    }

    [Fact]
    public void Adds_leaves_in_float32_tree_by_tree_and_the_base_value_last()
    {
        TreeNode[] Stump(float value) => [TreeNode.Leaf(value)];
        var trees = new BoostedTrees(1, 16_777_216f, [Stump(1), Stump(0.5f)]);

        // Base first would lose both addends one by one: 2^24 + 1 rounds back to 2^24.
        Assert.Equal(16_777_218f, trees.Predict([0]));
    }

    [Fact]
    public void Refuses_labels_that_are_not_numbers_and_options_out_of_range()
    {
        var data = new TrainingMatrix([1, 2], 1, [0, 1]);

        Assert.Throws<ArgumentException>(() => GradientBoosting.Train(data, [1, float.NaN], Small, CancellationToken.None));
        Assert.Throws<ArgumentException>(() => GradientBoosting.Train(data, [1], Small, CancellationToken.None));
        var wrong = Assert.Throws<ArgumentOutOfRangeException>(() =>
            GradientBoosting.Train(data, [1, 2], Small with { Trees = 0 }, CancellationToken.None));
        Assert.Contains("Trees is 0; it must be 1 to 10000", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Stops_when_asked_to()
    {
        var (data, labels) = Surface(rows: 100, seed: 8);

        Assert.ThrowsAny<OperationCanceledException>(() =>
            GradientBoosting.Train(data, labels, Small, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Refuses_a_tree_whose_path_could_run_in_circles()
    {
        TreeNode[] circle = [new TreeNode(0, 0, 0, 0, false, 0)];

        Assert.Throws<ArgumentException>(() => new BoostedTrees(1, 0, [circle]));
    }

    private static (TrainingMatrix Data, float[] Labels) Surface(int rows, int seed)
    {
        var random = new Random(seed);
        var values = new float[rows * 4];
        var labels = new float[rows];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < 4; column++)
            {
                values[(row * 4) + column] = (random.NextSingle() * 4) - 2;
            }

            var (x, y) = (values[row * 4], values[(row * 4) + 1]);
            labels[row] = (x * x) + (3 * MathF.Sin(y)) + (x > 0 && y > 0 ? 2 : 0);
        }

        return (new TrainingMatrix(values, 4, [.. Enumerable.Range(0, rows)]), labels);
    }

    private static int LeafOf(ReadOnlySpan<TreeNode> tree, ReadOnlySpan<float> row)
    {
        var at = 0;
        while (!tree[at].IsLeaf)
        {
            at = row[tree[at].Feature] <= tree[at].Threshold ? tree[at].Left : tree[at].Right;
        }

        return at;
    }

    private static double Rmse(BoostedTrees trees, TrainingMatrix data, float[] truth) =>
        Math.Sqrt(Enumerable.Range(0, data.Rows).Average(row => Math.Pow(trees.Predict(data.Row(row)) - truth[row], 2)));

    private static double Spread(float[] labels) =>
        Math.Sqrt(labels.Average(label => Math.Pow(label - labels.Average(), 2)));

    private static List<TreeNode> Nodes(BoostedTrees trees) =>
        [.. Enumerable.Range(0, trees.Count).SelectMany(tree => trees.Tree(tree).ToArray())];
}
