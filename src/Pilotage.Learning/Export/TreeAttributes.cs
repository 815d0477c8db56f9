using Pilotage.Learning.Boosting;

namespace Pilotage.Learning.Export;

/// <summary>The nodes of boosted trees as the parallel lists of <c>TreeEnsembleRegressor</c>.</summary>
internal sealed class TreeAttributes
{
    private readonly List<long> _treeIds = [];
    private readonly List<long> _nodeIds = [];
    private readonly List<long> _features = [];
    private readonly List<float> _thresholds = [];
    private readonly List<string> _modes = [];
    private readonly List<long> _whenTrue = [];
    private readonly List<long> _whenFalse = [];
    private readonly List<long> _missingTracksTrue = [];
    private readonly List<long> _leafTrees = [];
    private readonly List<long> _leafNodes = [];
    private readonly List<float> _leafValues = [];

    public static OnnxAttribute[] Of(BoostedTrees trees)
    {
        var lists = new TreeAttributes();
        for (var tree = 0; tree < trees.Count; tree++)
        {
            lists.Add(tree, trees.Tree(tree));
        }

        if (trees.Count == 0)
        {
            // The operator wants a node; a leaf of 0 leaves the base value alone.
            lists.Add(0, [new TreeNode(-1, 0, -1, -1, false, 0)]);
        }

        return lists.Attributes(trees.BaseValue);
    }

    private void Add(int tree, ReadOnlySpan<TreeNode> nodes)
    {
        for (var i = 0; i < nodes.Length; i++)
        {
            var node = nodes[i];
            _treeIds.Add(tree);
            _nodeIds.Add(i);
            _features.Add(node.IsLeaf ? 0 : node.Feature);
            _thresholds.Add(node.IsLeaf ? 0 : node.Threshold);
            _modes.Add(node.IsLeaf ? "LEAF" : "BRANCH_LEQ");
            _whenTrue.Add(node.IsLeaf ? 0 : node.Left);
            _whenFalse.Add(node.IsLeaf ? 0 : node.Right);
            _missingTracksTrue.Add(!node.IsLeaf && node.DefaultLeft ? 1 : 0);
            if (node.IsLeaf)
            {
                _leafTrees.Add(tree);
                _leafNodes.Add(i);
                _leafValues.Add(node.Value);
            }
        }
    }

    private OnnxAttribute[] Attributes(float baseValue) =>
    [
        OnnxAttribute.Of("aggregate_function", "SUM"),
        OnnxAttribute.Of("base_values", [baseValue]),
        OnnxAttribute.Of("n_targets", 1L),
        OnnxAttribute.Of("nodes_falsenodeids", Span(_whenFalse)),
        OnnxAttribute.Of("nodes_featureids", Span(_features)),
        OnnxAttribute.Of("nodes_missing_value_tracks_true", Span(_missingTracksTrue)),
        OnnxAttribute.Of("nodes_modes", _modes),
        OnnxAttribute.Of("nodes_nodeids", Span(_nodeIds)),
        OnnxAttribute.Of("nodes_treeids", Span(_treeIds)),
        OnnxAttribute.Of("nodes_truenodeids", Span(_whenTrue)),
        OnnxAttribute.Of("nodes_values", Span(_thresholds)),
        OnnxAttribute.Of("post_transform", "NONE"),
        OnnxAttribute.Of("target_ids", Span(_leafTrees.ConvertAll(_ => 0L))),
        OnnxAttribute.Of("target_nodeids", Span(_leafNodes)),
        OnnxAttribute.Of("target_treeids", Span(_leafTrees)),
        OnnxAttribute.Of("target_weights", Span(_leafValues)),
    ];

    private static ReadOnlySpan<T> Span<T>(List<T> list) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(list);
}
