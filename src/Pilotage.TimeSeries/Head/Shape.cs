using Pilotage.Core;

namespace Pilotage.TimeSeries.Head;

/// <summary>A device and the very properties that come together in its messages: they share their times.</summary>
/// <remarks>What kind each of them is, their series say; so there is one shape for a list of properties.</remarks>
internal sealed class Shape(int id, TenantId tenant, DeviceId device, string[] properties, SeriesState[] series)
{
    private readonly SeriesKind[]? _kinds =
        Array.TrueForAll(series, one => one.Kind == SeriesKind.Number) ? null : Array.ConvertAll(series, one => one.Kind!.Value);

    private readonly long[] _newest = new long[properties.Length];
    private readonly Quality[] _newestQualities = new Quality[properties.Length];
    private long _newestNs = long.MinValue;
    private bool _isFirst;
    private bool _isAhead;

    public int Id => id;

    /// <summary>Its place among the shapes of its device.</summary>
    public int Ordinal { get; init; }

    public TenantId Tenant => tenant;

    public DeviceId Device => device;

    public string[] Properties => properties;

    public SeriesState[] Series => series;

    /// <summary>The kinds of the properties; empty where all of them are doubles.</summary>
    public ReadOnlySpan<SeriesKind> Kinds => _kinds;

    public bool IsTyped => _kinds is not null;

    public bool HasText { get; } = Array.Exists(series, one => one.Kind >= SeriesKind.Text);

    /// <summary>Whether a durable record of the head, or a segment, explains the id.</summary>
    public bool IsDurable { get; set; }

    /// <summary>Its rows in the head that grows, or in one before it.</summary>
    public RowTable? Table { get; set; }

    /// <summary>Joins its series; it keeps the newest row for them where it is the first shape of all of them. Texts they keep themselves.</summary>
    public void Join()
    {
        var isFirst = true;
        foreach (var one in series)
        {
            isFirst &= one.Join(this);
        }

        _isFirst = isFirst && !HasText;
    }

    /// <summary>Takes a row that is later than anything its series hold; false where that is not sure.</summary>
    public bool TryTake(long timeNs, ReadOnlySpan<long> values, ReadOnlySpan<Quality> qualities)
    {
        if (!_isFirst || timeNs <= _newestNs)
        {
            return false;
        }

        values.CopyTo(_newest);
        qualities.CopyTo(_newestQualities);
        _newestNs = timeNs;
        _isAhead = true;
        return true;
    }

    /// <summary>Tells the series of the newest row.</summary>
    public void TellSeries()
    {
        if (!_isAhead)
        {
            return;
        }

        _isAhead = false;
        for (var i = 0; i < series.Length; i++)
        {
            series[i].Take(_newestNs, _newest[i], null, _newestQualities[i]);
        }
    }

    /// <summary>Notes that a series of it holds a point of a time.</summary>
    public void HoldsUpTo(long timeNs) => _newestNs = Math.Max(_newestNs, timeNs);

    public SeriesKind KindOf(int column) => _kinds is null ? SeriesKind.Number : _kinds[column];

    public int IndexOf(string property) => Array.IndexOf(properties, property);
}
