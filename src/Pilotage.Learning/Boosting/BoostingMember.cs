namespace Pilotage.Learning.Boosting;

/// <summary>One seed's run of boosting: its own sampling, its own held-out units, its own buffers.</summary>
internal sealed class BoostingMember
{
    private readonly BinnedMatrix _data;
    private readonly float[] _labels;
    private readonly float[] _weights;
    private readonly BoostingOptions _options;
    private readonly Random _random;
    private readonly int[] _fit;
    private readonly int[] _heldOut;
    private readonly float[] _predictions;
    private readonly float[] _gradients;

    public BoostingMember(
        BinnedMatrix data, float[] labels, float[] weights, int[] units, float baseValue, BoostingOptions options, int member)
    {
        _data = data;
        _labels = labels;
        _weights = weights;
        _options = options;
        // Far apart, so that neighbouring seeds of two runs do not share members.
        _random = new Random(unchecked(options.Seed + (member * 1_000_003)));
        (_fit, _heldOut) = HoldOut(units, options.HeldOutShare, _random);
        _gradients = new float[labels.Length];
        _predictions = new float[labels.Length];
        Array.Fill(_predictions, baseValue);
    }

    public List<TreeNode[]> Grow(CancellationToken cancellation)
    {
        var grower = new TreeGrower(_data, _weights, _options);
        var trees = new List<TreeNode[]>(_options.Trees);
        var sample = new int[_fit.Length];
        var (best, bestTrees) = (double.PositiveInfinity, 0);
        for (var round = 1; round <= _options.Trees; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            ComputeGradients();
            var count = SampleRows(sample);
            var tree = grower.Grow(sample.AsSpan(0, count), SampleColumns(), _gradients);
            tree.AddTo(_predictions);
            trees.Add(tree.Finish(1f / _options.Members));
            if (_heldOut.Length == 0)
            {
                continue;
            }

            var loss = HeldOutLoss();
            if (loss < best)
            {
                (best, bestTrees) = (loss, round);
            }
            else if (round - bestTrees >= _options.Patience)
            {
                break;
            }
        }

        if (_heldOut.Length > 0)
        {
            trees.RemoveRange(bestTrees, trees.Count - bestTrees);
        }

        return trees;
    }

    // Squared error: the first derivative is the weighted residual, the second is the weight.
    private void ComputeGradients()
    {
        for (var row = 0; row < _labels.Length; row++)
        {
            _gradients[row] = _weights[row] * (_predictions[row] - _labels[row]);
        }
    }

    private int SampleRows(int[] sample)
    {
        if (_options.RowShare >= 1)
        {
            _fit.CopyTo(sample, 0);
            return _fit.Length;
        }

        var count = 0;
        foreach (var row in _fit)
        {
            if (_random.NextDouble() < _options.RowShare)
            {
                sample[count++] = row;
            }
        }

        if (count == 0)
        {
            sample[count++] = _fit[_random.Next(_fit.Length)];
        }

        return count;
    }

    private int[] SampleColumns()
    {
        var columns = Enumerable.Range(0, _data.Columns).ToArray();
        var count = Math.Max(1, (int)Math.Round(_options.ColumnShare * columns.Length));
        if (count < columns.Length)
        {
            _random.Shuffle(columns);
            columns = columns[..count];
            Array.Sort(columns);
        }

        return columns;
    }

    private double HeldOutLoss()
    {
        var sum = 0.0;
        foreach (var row in _heldOut)
        {
            var error = _predictions[row] - _labels[row];
            sum += _weights[row] * error * error;
        }

        return sum;
    }

    private static (int[] Fit, int[] HeldOut) HoldOut(int[] rowUnits, double share, Random random)
    {
        var all = Enumerable.Range(0, rowUnits.Length).ToArray();
        var units = rowUnits.Distinct().Order().ToArray();
        var count = (int)Math.Round(share * units.Length);
        if (share <= 0 || units.Length < 2)
        {
            return (all, []);
        }

        random.Shuffle(units);
        var held = units.Take(Math.Clamp(count, 1, units.Length - 1)).ToHashSet();
        return ([.. all.Where(row => !held.Contains(rowUnits[row]))], [.. all.Where(row => held.Contains(rowUnits[row]))]);
    }
}
