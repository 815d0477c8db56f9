using Pilotage.Streams.Expressions;

namespace Pilotage.Streams.Binding;

/// <summary>A column by name; <paramref name="Slot"/> is its place in the row, -1 for device and event time.</summary>
internal sealed record Column(string Name, ColumnType Type, string? Unit, int Slot)
{
    /// <summary>The table it is of, where rows are joined; null elsewhere.</summary>
    public string? Table { get; init; }

    public Scalar Read() => Slot >= 0 ? new SlotScalar(Slot) : RowtimeScalar.Instance;
}

/// <summary>The columns of a table or view, and how many slots its rows have (some of them may carry no
/// name).</summary>
internal sealed record RowSchema(IReadOnlyList<Column> Columns, int Slots)
{
    /// <summary>Of the rows of a table, the columns that something reads; null elsewhere.</summary>
    public HashSet<string>? Read { get; init; }

    /// <summary>The slots that hold texts.</summary>
    public int[] TextSlots => [.. Columns.Where(column => column.Type == ColumnType.Text && column.Slot >= 0).Select(column => column.Slot)];

    /// <summary>The tables that are joined in it, in order, by the name that the query gives them; none where nothing is joined.</summary>
    public IReadOnlyList<string> Tables { get; init; } = [];

    public Column? Find(string name) => Columns.FirstOrDefault(column => column.Name == name);

    public IEnumerable<string> Names => Columns.Select(column => column.Name);
}
