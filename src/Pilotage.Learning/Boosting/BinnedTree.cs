namespace Pilotage.Learning.Boosting;

/// <summary>A tree while it grows: nodes compare bins, and real thresholds are read off when it is finished.</summary>
internal sealed class BinnedTree(BinnedMatrix data)
{
    private readonly List<Node> _nodes = [];

    public static bool GoesLeft(byte value, int bin, bool defaultLeft) =>
        value == BinnedMatrix.MissingBin ? defaultLeft : value <= bin;

    public int AddLeaf()
    {
        _nodes.Add(new Node(-1, 0, -1, -1, false, 0));
        return _nodes.Count - 1;
    }

    public (int Left, int Right) Split(int node, int feature, int bin, bool defaultLeft)
    {
        var left = AddLeaf();
        var right = AddLeaf();
        _nodes[node] = new Node(feature, bin, left, right, defaultLeft, 0);
        return (left, right);
    }

    public void SetLeaf(int node, float value) => _nodes[node] = _nodes[node] with { Value = value };

    /// <summary>Adds the tree's value to the prediction of every row.</summary>
    public void AddTo(float[] predictions)
    {
        var nodes = _nodes.ToArray();
        for (int row = 0, start = 0; row < predictions.Length; row++, start += data.Columns)
        {
            ref readonly var node = ref nodes[0];
            while (node.Feature >= 0)
            {
                var left = GoesLeft(data.Bins[start + node.Feature], node.Bin, node.DefaultLeft);
                node = ref nodes[left ? node.Left : node.Right];
            }

            predictions[row] += node.Value;
        }
    }

    /// <summary>The tree with real thresholds, its leaf values times <paramref name="scale"/>.</summary>
    public TreeNode[] Finish(float scale) =>
        [.. _nodes.Select(node => node.Feature < 0
            ? TreeNode.Leaf(node.Value * scale)
            : new TreeNode(
                node.Feature, data.Cut(node.Feature, node.Bin), node.Left, node.Right, node.DefaultLeft, 0))];

    private readonly record struct Node(int Feature, int Bin, int Left, int Right, bool DefaultLeft, float Value);
}
