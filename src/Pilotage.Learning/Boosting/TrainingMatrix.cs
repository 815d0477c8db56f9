namespace Pilotage.Learning.Boosting;

/// <summary>The rows a model is trained on: float32 features in row order and the unit each row came from.</summary>
/// <remarks>
/// Rows of one unit (one device, one life) are never split between fitting and holding out, because neighbours in time
/// are near copies of each other: a split by rows would measure memory, not prediction.
/// </remarks>
public sealed class TrainingMatrix
{
    private readonly float[] _values;
    private readonly int[] _units;

    /// <param name="values">Row after row; NaN means missing.</param>
    /// <param name="columns">Features of a row, at least one.</param>
    /// <param name="units">The unit of each row; any numbering.</param>
    public TrainingMatrix(float[] values, int columns, int[] units)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        if (values.Length != (long)units.Length * columns)
        {
            throw new ArgumentException(
                $"{values.Length} values are not {units.Length} rows of {columns} columns.", nameof(values));
        }

        _values = values;
        _units = units;
        Columns = columns;
    }

    public int Rows => _units.Length;

    public int Columns { get; }

    public ReadOnlySpan<int> Units => _units;

    public ReadOnlySpan<float> Row(int row) => _values.AsSpan(row * Columns, Columns);

    /// <summary>Copies the named rows into a matrix of their own.</summary>
    public TrainingMatrix Take(ReadOnlySpan<int> rows)
    {
        var values = new float[rows.Length * Columns];
        var units = new int[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            Row(rows[i]).CopyTo(values.AsSpan(i * Columns));
            units[i] = _units[rows[i]];
        }

        return new TrainingMatrix(values, Columns, units);
    }

    internal void CopyColumn(int column, Span<float> into)
    {
        for (int row = 0, at = column; row < Rows; row++, at += Columns)
        {
            into[row] = _values[at];
        }
    }
}
