using Pilotage.Core;

namespace Pilotage.TimeSeries.Head;

/// <summary>A device and the very properties that come together in its messages: they share their times.</summary>
/// <remarks>What kind each of them is, their series say; so there is one shape for a list of properties.</remarks>
internal sealed class Shape(int id, TenantId tenant, DeviceId device, string[] properties, SeriesState[] series)
{
    private readonly SeriesKind[]? _kinds =
        Array.TrueForAll(series, one => one.Kind == SeriesKind.Number) ? null : Array.ConvertAll(series, one => one.Kind!.Value);

    public int Id => id;

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

    public SeriesKind KindOf(int column) => _kinds is null ? SeriesKind.Number : _kinds[column];

    public int IndexOf(string property) => Array.IndexOf(properties, property);
}
