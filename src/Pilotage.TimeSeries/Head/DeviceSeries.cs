using Pilotage.Core;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries.Head;

/// <summary>The shapes and series of one device.</summary>
internal sealed class DeviceSeries(TenantId tenant, DeviceId device)
{
    private readonly List<Shape> _shapes = [];
    private List<Tombstone> _tombstones = [];
    private (string[]? List, Shape? Shape) _found;
    private readonly Dictionary<string, SeriesState> _series = new(StringComparer.Ordinal);
    private SeriesState[]? _inOrder;

    public TenantId Tenant => tenant;

    public DeviceId Device => device;

    public IReadOnlyList<Shape> Shapes => _shapes;

    /// <summary>What was deleted of it and may still stand somewhere, oldest first.</summary>
    public IReadOnlyList<Tombstone> Tombstones => _tombstones;

    /// <summary>The sealed blocks of the device, in order of their segments.</summary>
    public List<BlockRef> Blocks { get; } = [];

    /// <summary>In order of property.</summary>
    public IReadOnlyList<SeriesState> Series => _inOrder ??= [.. _series.Values.OrderBy(series => series.Property, StringComparer.Ordinal)];

    /// <summary>Adds what was deleted; readers keep the list that they have.</summary>
    public void Bury(Tombstone tombstone) => _tombstones = [.. _tombstones.Where(older => !tombstone.Covers(older)), tombstone];

    /// <summary>Keeps only some of what was deleted.</summary>
    public void Unearth(Predicate<Tombstone> isKept)
    {
        if (!_tombstones.TrueForAll(isKept))
        {
            _tombstones = _tombstones.FindAll(isKept);
        }
    }

    public bool TryGetSeries(string property, out SeriesState? state) => _series.TryGetValue(property, out state);

    /// <summary>The shape of some names, in their order.</summary>
    public Shape? Find(ReadOnlySpan<string> properties, string[]? list)
    {
        // Fast path: the very list that was looked for before.
        if (list is not null && ReferenceEquals(list, _found.List))
        {
            return _found.Shape;
        }

        foreach (var shape in _shapes)
        {
            if (properties.SequenceEqual(shape.Properties))
            {
                _found = (list, shape);
                return shape;
            }
        }

        return null;
    }

    /// <summary>The state of a series, new where it is the first time that anybody asks.</summary>
    public SeriesState Of(string property)
    {
        if (!_series.TryGetValue(property, out var state))
        {
            _series[property] = state = new SeriesState(property);
            _inOrder = null;
        }

        return state;
    }

    /// <summary>Adds a shape; null when a series of it is of another kind. No kinds: all are doubles.</summary>
    public Shape? Add(int id, string[] properties, ReadOnlySpan<SeriesKind> kinds)
    {
        var series = new SeriesState[properties.Length];
        for (var i = 0; i < properties.Length; i++)
        {
            series[i] = Of(properties[i]);
            if (!HasKind(series[i], kinds.IsEmpty ? SeriesKind.Number : kinds[i]))
            {
                return null;
            }
        }

        for (var i = 0; i < properties.Length; i++)
        {
            series[i].Settle(kinds.IsEmpty ? SeriesKind.Number : kinds[i]);
        }

        var shape = new Shape(id, tenant, device, properties, series) { Ordinal = _shapes.Count };
        shape.Join();
        _shapes.Add(shape);
        return shape;
    }

    private static bool HasKind(SeriesState series, SeriesKind kind) => (series.Kind ?? kind) == kind;
}
