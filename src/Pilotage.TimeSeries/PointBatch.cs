using System.Runtime.InteropServices;
using Pilotage.Core;

namespace Pilotage.TimeSeries;

/// <summary>Points to be stored in one commit; filled once, by one task, and left alone once it is appended.</summary>
/// <remarks>
/// Points that follow one another with the same device and time make one row, and come back as one from a replay.
/// A property that comes twice starts a new row.
/// </remarks>
/// <param name="expected">Points that are likely to come; there is room for more.</param>
public sealed class PointBatch(int expected = 0)
{
    private const int PointsAtFirst = 32;
    private const int PointsPerRow = 8;
    private readonly List<BatchRow> _rows = new(expected / PointsPerRow);
    // Names of points that came one by one; rows that came whole bring theirs.
    private string[] _properties = [];
    private long[] _values = GC.AllocateUninitializedArray<long>(Math.Max(PointsAtFirst, expected));
    private Quality[] _qualities = GC.AllocateUninitializedArray<Quality>(Math.Max(PointsAtFirst, expected));

    // Only there once something else than a double came.
    private SeriesKind[]? _kinds;
    private List<string>? _texts;

    /// <summary>When the server received it; 0 lets the store stamp it.</summary>
    public long ReceivedNs { get; init; }

    /// <summary>Points in it.</summary>
    public int Count { get; private set; }

    /// <summary>Rows in it.</summary>
    public int RowCount => _rows.Count;

    internal IReadOnlyList<BatchRow> Rows => _rows;

    /// <summary>Texts of it; a value that is one has its place here.</summary>
    internal IReadOnlyList<string> Texts => _texts ?? (IReadOnlyList<string>)[];

    /// <summary>Adds one point.</summary>
    /// <param name="key">Its series.</param>
    /// <param name="timeNs">Device time.</param>
    /// <param name="value">Any double; it comes back bit for bit.</param>
    /// <param name="quality">How far it may be trusted.</param>
    /// <param name="edgeNs">When the edge received it; equal to the server's time where there is no edge.</param>
    public void Add(SeriesKey key, long timeNs, double value, Quality quality, long edgeNs) =>
        Add(key, timeNs, SeriesValue.Of(value), quality, edgeNs);

    /// <summary>The same with a value of any kind.</summary>
    public void Add(SeriesKey key, long timeNs, SeriesValue value, Quality quality, long edgeNs)
    {
        if (!Continues(key, timeNs, edgeNs))
        {
            _rows.Add(new BatchRow(key.Tenant, key.Device, timeNs, edgeNs, Count, 0, null));
        }

        Put(value, quality);
        Name(key.Property);
        _rows[^1] = _rows[^1] with { Count = _rows[^1].Count + 1 };
    }

    /// <summary>Adds all values of one message at once; the fast way when they share time and quality. The names are kept, not copied.</summary>
    public void AddRow(
        TenantId tenant,
        DeviceId device,
        long timeNs,
        long edgeNs,
        string[] properties,
        ReadOnlySpan<double> values,
        Quality quality)
    {
        if (!Begin(tenant, device, timeNs, edgeNs, properties, values.Length))
        {
            return;
        }

        while (Count + values.Length > _values.Length)
        {
            Grow();
        }

        MemoryMarshal.Cast<double, long>(values).CopyTo(_values.AsSpan(Count));
        _qualities.AsSpan(Count, values.Length).Fill(quality);
        Count += values.Length;
    }

    /// <summary>The same with numbers that stand for what the kinds say: doubles, whole numbers, 1 and 0 for true and false.</summary>
    public void AddRow(
        TenantId tenant,
        DeviceId device,
        long timeNs,
        long edgeNs,
        string[] properties,
        ReadOnlySpan<double> values,
        ReadOnlySpan<SeriesKind> kinds,
        Quality quality)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(kinds.Length, properties.Length, nameof(kinds));
        if (!Begin(tenant, device, timeNs, edgeNs, properties, values.Length))
        {
            return;
        }

        for (var i = 0; i < properties.Length; i++)
        {
            var value = SeriesValue.Of(values[i]);
            Put(value.TryAs(kinds[i], out var same) ? same : throw Misfit(properties[i], value, kinds[i]), quality);
        }
    }

    /// <summary>The same with values of any kind.</summary>
    public void AddRow(
        TenantId tenant,
        DeviceId device,
        long timeNs,
        long edgeNs,
        string[] properties,
        ReadOnlySpan<SeriesValue> values,
        Quality quality)
    {
        if (!Begin(tenant, device, timeNs, edgeNs, properties, values.Length))
        {
            return;
        }

        for (var i = 0; i < properties.Length; i++)
        {
            Put(values[i], quality);
        }
    }

    /// <summary>Says of the last row how far each of its values may be trusted.</summary>
    internal void SetQualities(ReadOnlySpan<byte> each)
    {
        for (var i = 0; i < each.Length; i++)
        {
            _qualities[_rows[^1].Start + i] = (Quality)each[i];
        }
    }

    internal ReadOnlySpan<string> PropertiesOf(BatchRow row) => row.Properties ?? _properties.AsSpan(row.Start, row.Count);

    /// <summary>Bits of numbers; of text its place among the texts.</summary>
    internal ReadOnlySpan<long> ValuesOf(BatchRow row) => _values.AsSpan(row.Start, row.Count);

    /// <summary>Empty where all are doubles.</summary>
    internal ReadOnlySpan<SeriesKind> KindsOf(BatchRow row)
    {
        // Fast path: there is nothing else in the whole batch.
        var kinds = _kinds is null ? [] : _kinds.AsSpan(row.Start, row.Count);
        return kinds.ContainsAnyExcept(SeriesKind.Number) ? kinds : [];
    }

    internal ReadOnlySpan<Quality> QualitiesOf(BatchRow row) => _qualities.AsSpan(row.Start, row.Count);

    /// <summary>The text of a value of a row; null where it is none.</summary>
    internal string? TextOf(BatchRow row, int column) =>
        _kinds is not null && _kinds[row.Start + column] >= SeriesKind.Text ? _texts![(int)_values[row.Start + column]] : null;

    private bool Begin(TenantId tenant, DeviceId device, long timeNs, long edgeNs, string[] properties, int values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values, properties.Length, nameof(values));
        if (properties.Length > 0)
        {
            _rows.Add(new BatchRow(tenant, device, timeNs, edgeNs, Count, properties.Length, properties));
        }

        return properties.Length > 0;
    }

    private bool Continues(SeriesKey key, long timeNs, long edgeNs)
    {
        if (_rows.Count == 0)
        {
            return false;
        }

        var last = _rows[^1];
        return last.Properties is null
            && last.TimeNs == timeNs
            && last.EdgeNs == edgeNs
            && last.Device == key.Device
            && last.Tenant == key.Tenant
            && !PropertiesOf(last).Contains(key.Property);
    }

    private void Put(SeriesValue value, Quality quality)
    {
        var bits = value.Bits;
        if (value.IsText)
        {
            _texts ??= [];
            bits = _texts.Count;
            _texts.Add(value.Text ?? "");
        }

        Put(bits, quality);
        if (value.Kind != SeriesKind.Number)
        {
            _kinds ??= new SeriesKind[_values.Length];
            _kinds[Count - 1] = value.Kind;
        }
    }

    private void Put(long bits, Quality quality)
    {
        if (Count == _values.Length)
        {
            Grow();
        }

        _values[Count] = bits;
        _qualities[Count] = quality;
        Count++;
    }

    private void Grow()
    {
        var room = 2 * _values.Length;
        Array.Resize(ref _values, room);
        Array.Resize(ref _qualities, room);
        if (_kinds is not null)
        {
            Array.Resize(ref _kinds, room);
        }
    }

    /// <summary>Names the point that was put last.</summary>
    private void Name(string property)
    {
        if (_properties.Length < Count)
        {
            Array.Resize(ref _properties, _values.Length);
        }

        _properties[Count - 1] = property;
    }

    private static ArgumentException Misfit(string property, SeriesValue value, SeriesKind kind) =>
        new($"{property} is {value}, which cannot be a value of kind {kind}.");
}
