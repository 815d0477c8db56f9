using System.Runtime.CompilerServices;
using Pilotage.Server.Fabric.Agreements;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Findings;

/// <summary>Which series are watched, by device; those that were seen least recently make room for others. For one thread at a time.</summary>
internal sealed class WatchedSeries(int seriesMax, IFleet fleet, ThingBook things, ContractBook contracts, SeriesTracks tracks)
{
    private const int PerDeviceMax = 1_024;
    private const int RecentAtFirst = 1_024;
    private const int RecentMax = 65_536;
    private const long NsPerSecond = 1_000_000_000;

    // Room is made for this part at once, once a second: more series than fit, in turns, must not cost more than they are worth.
    private const int PartsMade = 100;
    private readonly Dictionary<(TenantId, DeviceId), WatchedDevice> _devices = [];

    // By device and list of names: most rows of a device bring the same one each time, which many devices may share.
    private WatchedLayout?[] _recent = new WatchedLayout?[RecentAtFirst];
    private long _madeRoomNs = long.MinValue;

    public IEnumerable<WatchedDevice> Devices => _devices.Values;

    /// <summary>Series that were forgotten to make room.</summary>
    public long Forgotten { get; private set; }

    public WatchedDevice? Find(TenantId tenant, DeviceId device) => _devices.GetValueOrDefault((tenant, device));

    /// <summary>Where the series of a row stand; null where none of them is watched.</summary>
    public WatchedLayout? Of(in RowReading row, long batch, long nowNs)
    {
        var at = row.List is null ? -1 : PlaceOf(row);
        var layout = at < 0 ? null : _recent[at];
        if (layout is null || !ReferenceEquals(layout.List, row.List) || layout.Device.Id != row.Device || layout.Device.Tenant != row.Tenant)
        {
            layout = Find(row, nowNs);
            if (layout is null)
            {
                return null;
            }

            // Made anew where the table has grown meanwhile.
            if (at >= 0)
            {
                _recent[PlaceOf(row)] = layout;
            }
        }

        layout.Device.SeenAt = batch;
        if (layout.Device.DescribedAt != DescribedAt())
        {
            Describe(layout.Device);
        }

        return layout;
    }

    private int PlaceOf(in RowReading row) =>
        HashCode.Combine(RuntimeHelpers.GetHashCode(row.List), RuntimeHelpers.GetHashCode(row.Device.Value)) & (_recent.Length - 1);

    /// <summary>Takes a device back as it was kept.</summary>
    public void Restore(WatchedDevice device)
    {
        _devices[(device.Tenant, device.Id)] = device;
        device.DescribedAt = -1;
    }

    private WatchedLayout? Find(in RowReading row, long nowNs)
    {
        var isKnown = _devices.TryGetValue((row.Tenant, row.Device), out var device);
        if (device?.Find(row.Properties, row.List) is { } known)
        {
            return known;
        }

        if (!HasRoom(nowNs) && !isKnown)
        {
            return null;
        }

        if (device is null)
        {
            device = new WatchedDevice(row.Tenant, row.Device) { DescribedAt = DescribedAt() };
            _devices.Add((row.Tenant, row.Device), device);
            if (_devices.Count > _recent.Length / 4 && _recent.Length < RecentMax)
            {
                _recent = new WatchedLayout?[2 * _recent.Length];
            }
        }

        var slots = new int[row.Properties.Length];
        var owner = fleet.Find(row.Tenant, row.Device);
        for (var i = 0; i < slots.Length; i++)
        {
            slots[i] = row.IsNumber(i) && Telemetry.IsMeasured(row.Properties[i]) ? SlotOf(device, owner, row.Properties[i], nowNs) : -1;
        }

        return device.Add(row.Properties, row.List, slots);
    }

    private int SlotOf(WatchedDevice device, Device? owner, string property, long nowNs)
    {
        if (device.Slots.TryGetValue(property, out var slot) && slot >= 0)
        {
            return slot;
        }

        if (device.Slots.Count >= PerDeviceMax || !HasRoom(nowNs))
        {
            return -1;
        }

        var (low, high, units) = MeaningOf(owner, property);
        return device.Slots[property] = tracks.Add(low, high, units);
    }

    private bool HasRoom(long nowNs)
    {
        if (tracks.Count < seriesMax)
        {
            return true;
        }

        if (seriesMax == 0 || (_madeRoomNs != long.MinValue && nowNs - _madeRoomNs < NsPerSecond))
        {
            return false;
        }

        _madeRoomNs = nowNs;
        var latest = _devices.Values.Max(device => device.SeenAt);
        foreach (var device in _devices.Values.Where(device => device.SeenAt < latest).OrderBy(device => device.SeenAt).ToList())
        {
            if (tracks.Count <= seriesMax - Math.Max(1, seriesMax / PartsMade))
            {
                break;
            }

            Forget(device);
        }

        return tracks.Count < seriesMax;
    }

    private void Forget(WatchedDevice device)
    {
        foreach (var slot in device.Slots.Values)
        {
            tracks.Remove(slot);
            Forgotten++;
        }

        _devices.Remove((device.Tenant, device.Id));
        Array.Clear(_recent);
    }

    private void Describe(WatchedDevice device)
    {
        device.DescribedAt = DescribedAt();
        var owner = fleet.Find(device.Tenant, device.Id);
        foreach (var (property, slot) in device.Slots)
        {
            var (low, high, units) = MeaningOf(owner, property);
            tracks.Describe(slot, low, high, units);
        }
    }

    private (double Low, double High, int Units) MeaningOf(Device? device, string property)
    {
        if (device is null)
        {
            return (double.NegativeInfinity, double.PositiveInfinity, UnitSteps.Any);
        }

        var meaning = things.MeaningOf(device, property);
        var (low, high) = contracts.BoundsOf(device, property);
        return (Math.Max(low, meaning?.Minimum ?? low), Math.Min(high, meaning?.Maximum ?? high), UnitSteps.SetOf(meaning?.Unit));
    }

    // All of them only ever rise.
    private long DescribedAt() => fleet.Version + things.Version + contracts.Version;
}
