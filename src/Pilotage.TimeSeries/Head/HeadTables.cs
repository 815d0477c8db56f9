namespace Pilotage.TimeSeries.Head;

/// <summary>What has arrived since the last sealing began; guarded by the store's lock until it is being sealed.</summary>
internal sealed class HeadTables
{
    private readonly Dictionary<int, RowTable> _tables = [];

    /// <summary>A head that was sealed, whose tables are used again; nobody else may have it.</summary>
    public HeadTables? Spare { get; set; }

    public long Points { get; private set; }

    /// <summary>Memory of the texts, about.</summary>
    public long TextBytes { get; private set; }

    /// <summary>Sequence of the last record of the log that is in here; 0 while there is none.</summary>
    public long LastSequence { get; set; }

    /// <summary>Arrivals given out up to and with this head.</summary>
    public long NextArrival { get; set; }

    /// <summary>The high-water marks, taken when sealing begins.</summary>
    public IReadOnlyDictionary<(string Edge, string LogId), long> Marks { get; set; } =
        new Dictionary<(string, string), long>();

    /// <summary>What was deleted and may still stand somewhere, taken when sealing begins.</summary>
    public IReadOnlyList<Tombstone> Tombstones { get; set; } = [];

    public long NextTombstone { get; set; } = 1;

    public IEnumerable<RowTable> Tables => _tables.Values;

    /// <summary>The rows of a shape; asking makes the shape known to the segment this becomes, with rows or without.</summary>
    public RowTable Of(Shape shape)
    {
        // Fast path: the table that it got last is of this head.
        if (shape.Table is { } known && ReferenceEquals(known.Head, this))
        {
            return known;
        }

        if (!_tables.TryGetValue(shape.Id, out var table))
        {
            _tables[shape.Id] = table = SpareOf(shape) ?? new RowTable(shape, this);
        }

        shape.Table = table;
        return table;
    }

    /// <summary>Lets go of what is not worth keeping once the head is sealed.</summary>
    public HeadTables ToSpare()
    {
        foreach (var (id, table) in _tables)
        {
            if (ReferenceEquals(table.Shape.Table, table))
            {
                // Or the rows of a device that sends no more would stay in memory.
                table.Shape.Table = null;
            }

            if (!table.IsWorthKeeping)
            {
                _tables.Remove(id);
            }
        }

        return this;
    }

    private RowTable? SpareOf(Shape shape) =>
        Spare is not null && Spare._tables.Remove(shape.Id, out var table) && table.TryBeginAnew(this) ? table : null;

    public RowTable? Find(Shape shape) => _tables.GetValueOrDefault(shape.Id);

    public void Count(int points, long textBytes)
    {
        Points += points;
        TextBytes += textBytes;
    }

    /// <summary>Whether it is to be sealed.</summary>
    public bool IsFull(TimeSeriesOptions options) => Points >= options.HeadPointsMax || TextBytes >= options.HeadTextBytesMax;
}
