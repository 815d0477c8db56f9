using Pilotage.Learning.Boosting;
using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;
using Xunit;

namespace Pilotage.Tests.Learning.Export;

public sealed class TreeExportTests
{
    private const int Features = 6;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void The_exported_model_answers_bit_for_bit_as_the_trees_do(int seed)
    {
        var random = new Random(seed);
        var trees = RandomTrees(random, count: seed * 40, depth: 2 + seed);
        using var model = TinyModels.Load(OnnxWriter.TreeEnsemble(trees, Properties(Features)));
        var answer = new float[1];

        foreach (var row in Rows(random, trees, 2000))
        {
            model.Run(row, answer);
            Assert.Equal(BitConverter.SingleToInt32Bits(trees.Predict(row)), BitConverter.SingleToInt32Bits(answer[0]));
        }
    }

    [Fact]
    public void A_trained_ensemble_is_answered_bit_for_bit_too()
    {
        var random = new Random(3);
        var values = Enumerable.Range(0, 600 * Features).Select(i => random.Next(10) == 0 ? float.NaN : (float)random.NextDouble());
        var matrix = new TrainingMatrix([.. values], Features, [.. Enumerable.Range(0, 600).Select(row => row / 60)]);
        float[] labels = [.. Enumerable.Range(0, 600).Select(row => matrix.Row(row)[0] * matrix.Row(row)[1]).Select(y => float.IsNaN(y) ? 2 : y)];
        var trees = GradientBoosting.Train(matrix, labels, new BoostingOptions { Trees = 40, Members = 6, BinsMax = 64 }, default);
        using var model = TinyModels.Load(OnnxWriter.TreeEnsemble(trees, Properties(Features)));

        Assert.Equal(
            Enumerable.Range(0, 600).Select(row => trees.Predict(matrix.Row(row))),
            Enumerable.Range(0, 600).Select(row => Answer(model, [.. matrix.Row(row)])));
    }

    [Fact]
    public void A_batch_answers_bit_for_bit_as_its_rows()
    {
        var random = new Random(9);
        var trees = RandomTrees(random, count: 150, depth: 5);
        using var model = TinyModels.Load(OnnxWriter.TreeEnsemble(trees, Properties(Features)));
        var rows = Rows(random, trees, 500).ToArray();

        var answers = model.Run([Tensor.Of([.. rows.SelectMany(row => row)], rows.Length, Features)])[0].As<float>().ToArray();

        Assert.Equal(rows.Select(row => trees.Predict(row)), answers);
    }

    [Fact]
    public void A_missing_value_goes_where_its_node_says()
    {
        TreeNode[] left = [new(0, 1, 1, 2, true, 0), Leaf(-1), Leaf(1)];
        TreeNode[] right = [new(1, 1, 1, 2, false, 0), Leaf(-10), Leaf(10)];
        var trees = new BoostedTrees(2, 0.25f, [left, right]);
        using var model = TinyModels.Load(OnnxWriter.TreeEnsemble(trees, Properties(2)));

        Assert.Equal(-1 + 10 + 0.25f, Answer(model, float.NaN, float.NaN));
        Assert.Equal(-1 - 10 + 0.25f, Answer(model, 1, 1));
        Assert.Equal(1 + 10 + 0.25f, Answer(model, MathF.BitIncrement(1), MathF.BitIncrement(1)));
    }

    [Fact]
    public void Trees_that_never_split_and_no_trees_at_all_are_exported_too()
    {
        using var stump = TinyModels.Load(OnnxWriter.TreeEnsemble(new BoostedTrees(1, 3, [[Leaf(2)]]), Properties(1)));
        using var none = TinyModels.Load(OnnxWriter.TreeEnsemble(new BoostedTrees(1, 3, []), Properties(1)));

        Assert.Equal(5, Answer(stump, 7));
        Assert.Equal(3, Answer(none, 7));
    }

    [Fact]
    public void Equal_trees_give_equal_bytes()
    {
        var first = OnnxWriter.TreeEnsemble(RandomTrees(new Random(5), 10, 4), Properties(Features));
        var second = OnnxWriter.TreeEnsemble(RandomTrees(new Random(5), 10, 4), Properties(Features));

        Assert.Equal(first, second);
    }

    [Fact]
    public void Names_that_do_not_cover_the_columns_are_a_mistake()
    {
        var trees = new BoostedTrees(2, 3, [[Leaf(2)]]);

        Assert.Throws<ArgumentException>(() => OnnxWriter.TreeEnsemble(trees, Properties(3)));
    }

    private static float Answer(OnnxModel model, params float[] row)
    {
        var answer = new float[1];
        model.Run(row, answer);
        return answer[0];
    }

    private static ModelProperties Properties(int features) => new(
        "rul", "1", [.. Enumerable.Range(0, features).Select(i => new ModelColumn($"f{i}", "1"))], [new("rul", "h")]);

    private static BoostedTrees RandomTrees(Random random, int count, int depth) =>
        new(Features, (float)random.NextDouble(), [.. Enumerable.Range(0, count).Select(_ => RandomTree(random, depth))]);

    private static TreeNode[] RandomTree(Random random, int depth)
    {
        var nodes = new List<TreeNode>();
        int Grow(int level)
        {
            var at = nodes.Count;
            nodes.Add(default);
            if (level == 0 || random.Next(8) == 0)
            {
                nodes[at] = Leaf((float)(random.NextDouble() - 0.5));
                return at;
            }

            // Quarters, so that rows meet thresholds exactly.
            var threshold = random.Next(-8, 9) / 4f;
            var (feature, missingLeft) = (random.Next(Features), random.Next(2) == 0);
            var left = Grow(level - 1);
            var right = Grow(level - 1);
            nodes[at] = new TreeNode(feature, threshold, left, right, missingLeft, 0);
            return at;
        }

        Grow(depth);
        return [.. nodes];
    }

    private static IEnumerable<float[]> Rows(Random random, BoostedTrees trees, int count)
    {
        for (var i = 0; i < count; i++)
        {
            yield return [.. Enumerable.Range(0, trees.Features).Select(_ => random.Next(12) switch
            {
                0 => float.NaN,
                1 => float.PositiveInfinity,
                2 => float.NegativeInfinity,
                3 => -0f,
                4 or 5 or 6 => random.Next(-8, 9) / 4f,
                7 => MathF.BitIncrement(random.Next(-8, 9) / 4f),
                _ => (float)((random.NextDouble() * 4) - 2),
            })];
        }
    }

    private static TreeNode Leaf(float value) => new(-1, 0, -1, -1, false, value);
}
