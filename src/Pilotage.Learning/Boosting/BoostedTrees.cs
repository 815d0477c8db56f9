namespace Pilotage.Learning.Boosting;

/// <summary>One node: an inner one compares a feature with a threshold, a leaf carries a value.</summary>
/// <param name="Feature">Column compared, or -1 in a leaf.</param>
/// <param name="Threshold">A row goes left when its value is less than or equal (ONNX <c>BRANCH_LEQ</c>).</param>
/// <param name="Left">Index of the left child in the same tree.</param>
/// <param name="Right">Index of the right child in the same tree.</param>
/// <param name="DefaultLeft">Where a missing value (NaN) goes (ONNX <c>missing_value_tracks_true</c>).</param>
/// <param name="Value">What a leaf adds to the sum; 0 in an inner node.</param>
public readonly record struct TreeNode(
    int Feature, float Threshold, int Left, int Right, bool DefaultLeft, float Value)
{
    public bool IsLeaf => Feature < 0;

    internal static TreeNode Leaf(float value) => new(-1, 0, -1, -1, false, value);
}

/// <summary>A trained sum of regression trees; immutable, safe to share between threads.</summary>
/// <remarks>
/// Thresholds and leaf values are float32, and so are the inputs, so that an ONNX <c>TreeEnsembleRegressor</c> made of
/// the same nodes sends every row down the same path. Root of each tree is node 0; children follow their parent.
/// </remarks>
public sealed class BoostedTrees
{
    private readonly TreeNode[][] _trees;

    public BoostedTrees(int features, float baseValue, IReadOnlyList<TreeNode[]> trees)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        Features = features;
        BaseValue = baseValue;
        _trees = [.. trees];
        foreach (var tree in _trees)
        {
            CheckShape(tree, features);
        }
    }

    public int Features { get; }

    /// <summary>Added once, after all trees.</summary>
    public float BaseValue { get; }

    public int Count => _trees.Length;

    public ReadOnlySpan<TreeNode> Tree(int index) => _trees[index];

    /// <summary>Predicts one row of <see cref="Features"/> values.</summary>
    /// <remarks>
    /// ONNX Runtime on one thread adds leaf values in float32, tree after tree, and the base value last; so do we.
    /// </remarks>
    public float Predict(ReadOnlySpan<float> row)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(row.Length, Features);
        var sum = 0f;
        foreach (var tree in _trees)
        {
            sum += LeafValue(tree, row);
        }

        return sum + BaseValue;
    }

    /// <summary>Times each feature was split on, weighted by nothing: a first look at what the model uses.</summary>
    public int[] SplitsPerFeature()
    {
        var splits = new int[Features];
        foreach (var node in _trees.SelectMany(tree => tree).Where(node => !node.IsLeaf))
        {
            splits[node.Feature]++;
        }

        return splits;
    }

    private static float LeafValue(TreeNode[] tree, ReadOnlySpan<float> row)
    {
        ref readonly var node = ref tree[0];
        while (!node.IsLeaf)
        {
            var value = row[node.Feature];
            var left = value <= node.Threshold || (node.DefaultLeft && float.IsNaN(value));
            node = ref tree[left ? node.Left : node.Right];
        }

        return node.Value;
    }

    // Children after their parent: a path can only move forward, so prediction always ends.
    private static void CheckShape(TreeNode[] tree, int features)
    {
        for (var i = 0; i < tree.Length; i++)
        {
            var node = tree[i];
            var sound = node.IsLeaf
                || (node.Feature < features && node.Left > i && node.Right > i
                    && node.Left < tree.Length && node.Right < tree.Length);
            if (!sound)
            {
                throw new ArgumentException($"Node {i} points outside its tree or its row.", nameof(tree));
            }
        }

        if (tree.Length == 0)
        {
            throw new ArgumentException("A tree has at least a leaf.", nameof(tree));
        }
    }
}
