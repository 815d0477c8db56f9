using Pilotage.Core;

namespace Pilotage.TimeSeries.Head;

/// <summary>All shapes, by id and by device; guarded by the store's lock.</summary>
internal sealed class ShapeRegistry
{
    private readonly Dictionary<(TenantId, DeviceId), DeviceSeries> _devices = [];
    private readonly Dictionary<int, Shape> _byId = [];
    private int _nextId = 1;

    public IEnumerable<DeviceSeries> Devices => _devices.Values;

    public DeviceSeries? Find(TenantId tenant, DeviceId device) => _devices.GetValueOrDefault((tenant, device));

    public Shape? Find(int id) => _byId.GetValueOrDefault(id);

    /// <summary>The shape of a row; a new one is not durable yet. Null when a series of it holds something else.</summary>
    /// <param name="series">The device.</param>
    /// <param name="properties">Names of the row.</param>
    /// <param name="list">The list they stand in, if it is theirs alone: rows of one list are told by it.</param>
    /// <param name="kinds">Empty where all are doubles.</param>
    public Shape? Of(DeviceSeries series, ReadOnlySpan<string> properties, string[]? list, ReadOnlySpan<SeriesKind> kinds)
    {
        return series.Find(properties, list) is not { } known ? Add(series, _nextId, properties.ToArray(), kinds)
            : known.Kinds.SequenceEqual(kinds) ? known : null;
    }

    /// <summary>Takes over a definition read from disk; one that contradicts what is known is refused.</summary>
    public Shape? Define(ShapeDefinition definition)
    {
        var (id, tenant, device, properties, kinds) = definition;
        if (_byId.TryGetValue(id, out var known))
        {
            var isSame = known.Tenant == tenant && known.Device == device && properties.AsSpan().SequenceEqual(known.Properties)
                && known.Kinds.SequenceEqual(kinds);
            known.IsDurable |= isSame;
            return isSame ? known : null;
        }

        var shape = Add(Device(tenant, device), id, properties, kinds);
        if (shape is not null)
        {
            shape.IsDurable = true;
        }

        return shape;
    }

    /// <summary>What is known of a device, new where nothing was.</summary>
    public DeviceSeries Device(TenantId tenant, DeviceId device)
    {
        if (!_devices.TryGetValue((tenant, device), out var series))
        {
            _devices[(tenant, device)] = series = new DeviceSeries(tenant, device);
        }

        return series;
    }

    private Shape? Add(DeviceSeries series, int id, string[] properties, ReadOnlySpan<SeriesKind> kinds)
    {
        if (series.Add(id, properties, kinds) is not { } shape)
        {
            return null;
        }

        _byId.Add(id, shape);
        _nextId = Math.Max(_nextId, id + 1);
        return shape;
    }
}
