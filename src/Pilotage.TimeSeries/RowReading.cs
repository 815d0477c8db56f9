using Pilotage.Core;

namespace Pilotage.TimeSeries;

/// <summary>One row of a batch, for those who look at what was stored; the batch is left alone once it is appended.</summary>
public readonly ref struct RowReading
{
    private readonly PointBatch _batch;
    private readonly BatchRow _row;
    private readonly ReadOnlySpan<long> _values;
    private readonly ReadOnlySpan<SeriesKind> _kinds;

    private RowReading(PointBatch batch, BatchRow row)
    {
        (Tenant, Device, TimeNs, EdgeNs, List) = (row.Tenant, row.Device, row.TimeNs, row.EdgeNs, row.Properties);
        (_batch, _row) = (batch, row);
        Properties = batch.PropertiesOf(row);
        _values = batch.ValuesOf(row);
        _kinds = batch.KindsOf(row);
    }

    public TenantId Tenant { get; }

    public DeviceId Device { get; }

    /// <summary>Device time.</summary>
    public long TimeNs { get; }

    /// <summary>When the edge received it; equal to the server's time where there is no edge.</summary>
    public long EdgeNs { get; }

    /// <summary>Names of its values.</summary>
    public ReadOnlySpan<string> Properties { get; }

    /// <summary>The list that holds the names, where they came as one: rows of one list are told by it. Not to be changed.</summary>
    public string[]? List { get; }

    /// <summary>A row by its place in the batch.</summary>
    public static RowReading Of(PointBatch batch, int row) => new(batch, batch.Rows[row]);

    /// <summary>Whether a value is a number, or true or false; not of text and JSON.</summary>
    public bool IsNumber(int column) => _kinds.IsEmpty || _kinds[column] < SeriesKind.Text;

    /// <summary>A value as a double; NaN of text.</summary>
    public double NumberAt(int column) => SeriesValue.NumberOf(_kinds.IsEmpty ? SeriesKind.Number : _kinds[column], _values[column]);

    /// <summary>A value as text, of text and JSON; null of numbers.</summary>
    public string? TextAt(int column) => IsNumber(column) ? null : _batch.TextOf(_row, column);
}
