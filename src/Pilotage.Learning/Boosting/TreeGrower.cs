using System.Runtime.Intrinsics;

namespace Pilotage.Learning.Boosting;

/// <summary>Grows one regression tree at a time, best leaf first, on binned rows.</summary>
/// <remarks>Buffers live as long as the grower, one per member and thread; nothing large is allocated per tree.</remarks>
internal sealed class TreeGrower(BinnedMatrix data, float[] weights, BoostingOptions options)
{
    private readonly Stack<Histogram> _spare = new();
    private readonly int[] _right = new int[data.Rows];
    private int _histogramFeatures;

    /// <summary>Grows a tree on the given rows and features; reorders <paramref name="rows"/>.</summary>
    public BinnedTree Grow(Span<int> rows, int[] features, float[] gradients)
    {
        if (_histogramFeatures != features.Length)
        {
            _spare.Clear();
            _histogramFeatures = features.Length;
        }

        var tree = new BinnedTree(data);
        var open = new List<OpenLeaf>();
        var root = Rent();
        root.Fill(data, features, rows, gradients, weights);
        Open(open, tree.AddLeaf(), 0, rows.Length, 0, root, SumOf(rows, gradients), features);
        var leaves = 1;
        while (leaves < options.LeavesMax && TakeBest(open) is { } leaf)
        {
            SplitLeaf(tree, open, leaf, rows, features, gradients);
            leaves++;
        }

        foreach (var leaf in open)
        {
            Close(tree, leaf);
        }

        return tree;
    }

    private void SplitLeaf(
        BinnedTree tree, List<OpenLeaf> open, OpenLeaf leaf, Span<int> rows, int[] features, float[] gradients)
    {
        var feature = features[leaf.Split.Slot];
        var (left, right) = tree.Split(leaf.Node, feature, leaf.Split.Bin, leaf.Split.DefaultLeft);
        var mine = rows.Slice(leaf.Start, leaf.Count);
        var leftCount = Partition(mine, feature, leaf.Split.Bin, leaf.Split.DefaultLeft);
        var leftSum = SumOf(mine[..leftCount], gradients);
        var rightSum = leaf.Sum - leftSum;

        // Summing the smaller child and subtracting gives the larger one for the price of a pass over the bins.
        var smallIsLeft = leftCount <= mine.Length - leftCount;
        var small = Rent();
        small.Fill(data, features, smallIsLeft ? mine[..leftCount] : mine[leftCount..], gradients, weights);
        leaf.Histogram.Subtract(small);
        var depth = leaf.Depth + 1;
        Open(open, left, leaf.Start, leftCount, depth, smallIsLeft ? small : leaf.Histogram, leftSum, features);
        Open(open, right, leaf.Start + leftCount, mine.Length - leftCount, depth,
            smallIsLeft ? leaf.Histogram : small, rightSum, features);
    }

    private void Open(
        List<OpenLeaf> open,
        int node,
        int start,
        int count,
        int depth,
        Histogram histogram,
        Vector128<double> sum,
        int[] features)
    {
        var split = depth < options.DepthMax
            ? Split.Best(histogram, data, features, sum, options)
            : Split.None;
        open.Add(new OpenLeaf(node, start, count, depth, histogram, sum, split));
    }

    private static OpenLeaf? TakeBest(List<OpenLeaf> open)
    {
        var best = -1;
        for (var i = 0; i < open.Count; i++)
        {
            if (open[i].Split.Gain > (best < 0 ? 0 : open[best].Split.Gain))
            {
                best = i;
            }
        }

        if (best < 0)
        {
            return null;
        }

        var leaf = open[best];
        open.RemoveAt(best);
        return leaf;
    }

    private void Close(BinnedTree tree, OpenLeaf leaf)
    {
        var value = -leaf.Sum[0] / (leaf.Sum[1] + options.L2) * options.LearningRate;
        tree.SetLeaf(leaf.Node, (float)value);
        _spare.Push(leaf.Histogram);
    }

    // Stable, so the order of rows, and with it every rounding, depends on the data and the seed alone.
    private int Partition(Span<int> rows, int feature, int bin, bool defaultLeft)
    {
        int left = 0, right = 0;
        foreach (var row in rows)
        {
            if (BinnedTree.GoesLeft(data.Bins[(row * data.Columns) + feature], bin, defaultLeft))
            {
                rows[left++] = row;
            }
            else
            {
                _right[right++] = row;
            }
        }

        _right.AsSpan(0, right).CopyTo(rows[left..]);
        return left;
    }

    private Vector128<double> SumOf(ReadOnlySpan<int> rows, float[] gradients)
    {
        var (sum, weight) = (0.0, 0.0);
        foreach (var row in rows)
        {
            sum += gradients[row];
            weight += weights[row];
        }

        return Vector128.Create(sum, weight);
    }

    private Histogram Rent() => _spare.TryPop(out var histogram) ? histogram : new Histogram(_histogramFeatures);

    private readonly record struct OpenLeaf(
        int Node, int Start, int Count, int Depth, Histogram Histogram, Vector128<double> Sum, Split Split);
}
