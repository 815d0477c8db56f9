using Pilotage.Core;

namespace Pilotage.TimeSeries;

/// <summary>Points to be stored in one commit; filled once, by one task, and left alone once it is appended.</summary>
/// <remarks>
/// Points that follow one another with the same device and time make one row, and come back as one from a replay.
/// A property that comes twice starts a new row.
/// </remarks>
public sealed class PointBatch
{
    private readonly List<BatchRow> _rows = [];
    private string[] _properties = new string[32];
    private double[] _values = new double[32];
    private Quality[] _qualities = new Quality[32];

    /// <summary>When the server received it; 0 lets the store stamp it.</summary>
    public long ReceivedNs { get; init; }

    /// <summary>Points in it.</summary>
    public int Count { get; private set; }

    /// <summary>Rows in it.</summary>
    public int RowCount => _rows.Count;

    internal IReadOnlyList<BatchRow> Rows => _rows;

    /// <summary>Adds one point.</summary>
    /// <param name="key">Its series.</param>
    /// <param name="timeNs">Device time.</param>
    /// <param name="value">Any double; it comes back bit for bit.</param>
    /// <param name="quality">How far it may be trusted.</param>
    /// <param name="edgeNs">When the edge received it; equal to the server's time where there is no edge.</param>
    public void Add(SeriesKey key, long timeNs, double value, Quality quality, long edgeNs)
    {
        if (!Continues(key, timeNs, edgeNs))
        {
            _rows.Add(new BatchRow(key.Tenant, key.Device, timeNs, edgeNs, Count, 0));
        }

        Put(key.Property, value, quality);
        _rows[^1] = _rows[^1] with { Count = _rows[^1].Count + 1 };
    }

    /// <summary>Adds all values of one message at once; the fast way when they share time and quality.</summary>
    public void AddRow(
        TenantId tenant,
        DeviceId device,
        long timeNs,
        long edgeNs,
        ReadOnlySpan<string> properties,
        ReadOnlySpan<double> values,
        Quality quality) => AddRow(tenant, device, timeNs, edgeNs, properties, values, quality, []);

    internal void AddRow(
        TenantId tenant,
        DeviceId device,
        long timeNs,
        long edgeNs,
        ReadOnlySpan<string> properties,
        ReadOnlySpan<double> values,
        Quality quality,
        ReadOnlySpan<byte> qualityEach)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, properties.Length, nameof(values));
        if (properties.Length == 0)
        {
            return;
        }

        _rows.Add(new BatchRow(tenant, device, timeNs, edgeNs, Count, properties.Length));
        for (var i = 0; i < properties.Length; i++)
        {
            Put(properties[i], values[i], qualityEach.IsEmpty ? quality : (Quality)qualityEach[i]);
        }
    }

    internal ReadOnlySpan<string> PropertiesOf(BatchRow row) => _properties.AsSpan(row.Start, row.Count);

    internal ReadOnlySpan<double> ValuesOf(BatchRow row) => _values.AsSpan(row.Start, row.Count);

    internal ReadOnlySpan<Quality> QualitiesOf(BatchRow row) => _qualities.AsSpan(row.Start, row.Count);

    private bool Continues(SeriesKey key, long timeNs, long edgeNs)
    {
        if (_rows.Count == 0)
        {
            return false;
        }

        var last = _rows[^1];
        return last.TimeNs == timeNs
            && last.EdgeNs == edgeNs
            && last.Device == key.Device
            && last.Tenant == key.Tenant
            && !PropertiesOf(last).Contains(key.Property);
    }

    private void Put(string property, double value, Quality quality)
    {
        if (Count == _values.Length)
        {
            Array.Resize(ref _properties, 2 * Count);
            Array.Resize(ref _values, 2 * Count);
            Array.Resize(ref _qualities, 2 * Count);
        }

        _properties[Count] = property;
        _values[Count] = value;
        _qualities[Count] = quality;
        Count++;
    }
}
