using Pilotage.Core;

namespace Pilotage.TimeSeries.Head;

/// <summary>A device and the very properties that come together in its messages: they share their times.</summary>
internal sealed class Shape(int id, TenantId tenant, DeviceId device, string[] properties, SeriesState[] series)
{
    public int Id => id;

    public TenantId Tenant => tenant;

    public DeviceId Device => device;

    public string[] Properties => properties;

    public SeriesState[] Series => series;

    /// <summary>Whether a durable record of the head, or a segment, explains the id.</summary>
    public bool IsDurable { get; set; }

    public int IndexOf(string property) => Array.IndexOf(properties, property);
}
