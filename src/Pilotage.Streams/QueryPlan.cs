using Pilotage.Core;
using Pilotage.Streams.Binding;
using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;

namespace Pilotage.Streams;

/// <summary>A question to stored rows, compiled: what is told, and what of one table has to be read for it.</summary>
public sealed class QueryPlan
{
    private readonly IReadOnlyList<DeviceId> _named;
    private readonly Reach _reach;

    internal QueryPlan(PipelinePlan pipeline, PlanNode root, ScanNode scan, Reach reach, IReadOnlyList<DeviceId> named)
    {
        (Pipeline, Root, Scan, _reach, _named) = (pipeline, root, scan, reach, named);
        Columns = [.. root.Schema.Columns.Select(column => new QueryColumn(column.Name, KindOf(column.Type), column.Unit))];
        Reads = [.. scan.Thing.Properties.Where(property => scan.Schema.Read!.Contains(property.Name)).Select(property => property.Name)];
    }

    /// <summary>The table that is read; rows are pushed with a value for each of its properties.</summary>
    public ThingSchema Thing => Scan.Thing;

    /// <summary>What is told, in order.</summary>
    public IReadOnlyList<QueryColumn> Columns { get; }

    /// <summary>The properties that something in the question reads, in the order of the table; none where it only counts rows.</summary>
    public IReadOnlyList<string> Reads { get; }

    /// <summary>No row before this time is needed.</summary>
    public long FirstNs => _reach.FirstNs;

    /// <summary>No row after this time is needed.</summary>
    public long LastNs => _reach.LastNs;

    /// <summary>Whether the question says anything of the time.</summary>
    public bool SaysTime => _reach.FirstNs > 0 || _reach.LastNs < long.MaxValue;

    /// <summary>The only devices whose rows are needed; null for all of the table.</summary>
    public IReadOnlyList<DeviceId>? Devices => _reach.Devices is { } places ? [.. places.Order().Select(place => _named[place])] : null;

    /// <summary>Whether reading may end before all rows are read, because so many were asked for and they come as they are read.</summary>
    public bool EndsEarly => Root is LimitNode && Chain(Root).All(node => node is not (OrderNode or GatherNode));

    /// <summary>So many rows with the latest times are asked for, and each row is told by itself: the end of the time may be enough to read. Null where that is not so.</summary>
    public int? Newest => Root is LimitNode { Input: OrderNode { Keys: [{ Column.Type: ColumnType.Rowtime, Descending: true }, ..] } order } limit
        && Chain(order.Input!).All(node => node is ScanNode or FilterNode or ProjectNode) ? limit.Rows : null;

    internal PipelinePlan Pipeline { get; }

    internal PlanNode Root { get; }

    internal ScanNode Scan { get; }

    internal IReadOnlyList<DeviceId> Named => _named;

    /// <summary>The steps of the plan, one line each, inputs first.</summary>
    public string Explain() => Root.Explain();

    private static IEnumerable<PlanNode> Chain(PlanNode? node)
    {
        for (; node is not null; node = node.Input)
        {
            yield return node;
        }
    }

    private static QueryKind KindOf(ColumnType type) => type switch
    {
        ColumnType.Boolean => QueryKind.Truth,
        ColumnType.Text => QueryKind.Text,
        ColumnType.Timestamp or ColumnType.Rowtime => QueryKind.Time,
        ColumnType.Device => QueryKind.Device,
        _ => QueryKind.Number,
    };
}

/// <summary>One column of an answer; the unit is null where it is not known.</summary>
public sealed record QueryColumn(string Name, QueryKind Kind, string? Unit);

/// <summary>What a column of an answer holds.</summary>
public enum QueryKind
{
    /// <summary>A floating-point number.</summary>
    Number,

    /// <summary>True or false.</summary>
    Truth,

    /// <summary>A text.</summary>
    Text,

    /// <summary>A time.</summary>
    Time,

    /// <summary>A device.</summary>
    Device,
}

/// <summary>Takes the rows of an answer as they are found, in their order.</summary>
public interface IQuerySink
{
    /// <summary>One row, good during the call only.</summary>
    void Row(QueryRow row);
}

/// <summary>One row of an answer.</summary>
public readonly ref struct QueryRow
{
    private readonly QueryPlan _plan;
    private readonly ReadOnlySpan<double> _values;

    private readonly TextPool _texts;

    internal QueryRow(QueryPlan plan, DeviceId device, ReadOnlySpan<double> values, TextPool texts)
    {
        (_plan, Device, _texts) = (plan, device, texts);
        _values = values;
    }

    /// <summary>The device, where a column tells it.</summary>
    public DeviceId Device { get; }

    /// <summary>Whether there is no value; there always is a device.</summary>
    public bool IsNull(int column) => double.IsNaN(_values[column]) && _plan.Columns[column].Kind != QueryKind.Device;

    /// <summary>A number, or 1 and 0 for true and false.</summary>
    public double Number(int column) => _values[column];

    /// <summary>A time in nanoseconds since 1970, UTC.</summary>
    public long TimeNs(int column) => Scalar.ToTime(_values[column]);

    /// <summary>A text.</summary>
    public string Text(int column) => _texts[_values[column]];
}
