namespace Pilotage.TimeSeries.Head;

/// <content>What is left of rows when what was deleted is taken away.</content>
internal sealed partial record RowSpan
{
    /// <summary>Stands where a value of a row was deleted and others of it were not; nobody outside of the store sees it.</summary>
    public const Quality Gone = Quality.Bad + 1;

    /// <summary>Whether a value is there.</summary>
    public bool IsThere(int row, int column) => QualityOf(row, column) != Gone;

    /// <summary>
    /// The same rows without those of which nothing is left among some columns, all when none are named; values that are deleted
    /// from a row that stays are <see cref="Gone"/>. Nothing is copied where nothing was deleted.
    /// </summary>
    public RowSpan Present(IReadOnlyList<Tombstone> tombstones, int[]? among)
    {
        if (tombstones.Count == 0 && (Qualities is null || !Qualities.AsSpan().Contains(Gone)))
        {
            return this;
        }

        int[] columns = [.. (among ?? Enumerable.Range(0, Width)).Where(column => column >= 0 && Starts[column] >= 0).Distinct()];
        var isGone = new bool[columns.Length];
        var kept = new RowPicker(this, columns);
        for (var row = 0; row < Count; row++)
        {
            for (var i = 0; i < columns.Length; i++)
            {
                isGone[i] = !IsThere(row, columns[i]) || IsHidden(row, columns[i], tombstones);
            }

            if (isGone.AsSpan().Contains(false))
            {
                kept.Add(row, isGone);
            }
        }

        return kept.ToRows();
    }

    /// <summary>How many values are there, and how many of those that stand here are deleted.</summary>
    public (long There, long Hidden) Counted(IReadOnlyList<Tombstone> tombstones)
    {
        var all = (long)Count * Width;
        if (tombstones.Count == 0 && (Qualities is null || !Qualities.AsSpan().Contains(Gone)))
        {
            return (all, 0);
        }

        var (there, hidden) = (0L, 0L);
        for (var row = 0; row < Count; row++)
        {
            for (var column = 0; column < Width; column++)
            {
                if (IsThere(row, column))
                {
                    (there, hidden) = IsHidden(row, column, tombstones) ? (there, hidden + 1) : (there + 1, hidden);
                }
            }
        }

        return (there, hidden);
    }

    private bool IsHidden(int row, int column, IReadOnlyList<Tombstone> tombstones)
    {
        var arrival = Arrivals.Length == 0 ? long.MinValue : Arrivals[row];
        foreach (var tombstone in tombstones)
        {
            if (tombstone.Hides(Times[row], arrival, Shape.Properties[column]))
            {
                return true;
            }
        }

        return false;
    }
}
