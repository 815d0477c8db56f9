namespace Pilotage.Learning.Onnx;

/// <summary>Many rows in one call of the library, where that changes no answer.</summary>
public sealed partial class OnnxModel
{
    private const int ProbeRows = 3;
    private RowBinding? _batch;
    private bool _isProbed;

    /// <summary>
    /// Why rows are run one by one though many are given at once; null where they go into one call. Known after the first call of
    /// <see cref="RunRows"/> with more than one row.
    /// </summary>
    public string? RowByRow { get; private set; }

    /// <summary>
    /// Runs rows that lie one after the other; the answers lie so too. At most <see cref="OnnxOptions.BatchRowsMax"/> go into one call
    /// of the library; a model whose leading dimension is not free, or whose rows change one another's answers, takes them one by one.
    /// </summary>
    /// <remarks>The library chooses its loops by the size of a call, so the last bits of an answer may differ from those of a row alone.</remarks>
    /// <exception cref="OnnxException">The model failed on one of the rows, or was stopped; no answer is to be used then.</exception>
    public void RunRows(ReadOnlySpan<float> rows, Span<float> outputs)
    {
        var single = Rows;
        ArgumentOutOfRangeException.ThrowIfZero(single.InputWidth, nameof(rows));
        ArgumentOutOfRangeException.ThrowIfNotEqual(rows.Length % single.InputWidth, 0, nameof(rows));
        var left = rows.Length / single.InputWidth;
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs.Length, left * single.OutputWidth, nameof(outputs));
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (left > 1 && !_isProbed)
            {
                OpenBatch(single);
            }

            while (left > 0)
            {
                var count = Math.Min(left, _batch?.RowsMax ?? 1);
                (count == 1 ? single : _batch!).Run(_session.RunOptions, rows, outputs, count);
                left -= count;
                rows = rows[(count * single.InputWidth)..];
                outputs = outputs[(count * single.OutputWidth)..];
            }
        }
    }

    private void OpenBatch(RowBinding single)
    {
        var bound = Inputs.Concat(Outputs).FirstOrDefault(tensor => tensor.Shape.Count == 0 || tensor.Shape[0] >= 0);
        var (batch, why) = bound is not null ? (null, $"'{bound.Name}' is {bound.Described}: its leading dimension is not free.")
            : _batchRowsMax < ProbeRows ? (null, $"At most {_batchRowsMax} rows go into one call.")
            : Probe(single);
        // A model that was stopped meanwhile throws out of the probe and stays unprobed: it answers nothing any more.
        (_batch, RowByRow, _isProbed) = (batch, why, true);
    }

    // A free leading dimension may as well be time, or be summed over: only answers tell.
    private (RowBinding? Batch, string? Why) Probe(RowBinding single)
    {
        var (width, gives) = (single.InputWidth, single.OutputWidth);
        var rows = new float[ProbeRows * width];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = MathF.Sin((0.7f * i) + 0.3f);
        }

        var (alone, together) = (new float[ProbeRows * gives], new float[ProbeRows * gives]);
        for (var row = 0; row < ProbeRows; row++)
        {
            single.Run(_session.RunOptions, rows.AsSpan(row * width), alone.AsSpan(row * gives), count: 1);
        }

        var batch = _session.BindRows(_batchRowsMax);
        try
        {
            batch.Run(_session.RunOptions, rows, together, ProbeRows);
            if (Same(alone, together))
            {
                return (batch, null);
            }

            batch.Dispose();
            return (null, "Rows of one call change one another's answers.");
        }
        catch (OnnxException failed)
        {
            batch.Dispose();
            return (null, $"It does not take several rows: {failed.Message}");
        }
    }

    private static bool Same(ReadOnlySpan<float> alone, ReadOnlySpan<float> together)
    {
        const float Relative = 1e-3f;
        const float Absolute = 1e-5f;
        for (var i = 0; i < alone.Length; i++)
        {
            var equal = alone[i].Equals(together[i]) || Math.Abs(alone[i] - together[i]) <= Absolute + (Relative * Math.Abs(alone[i]));
            if (!equal)
            {
                return false;
            }
        }

        return true;
    }
}
