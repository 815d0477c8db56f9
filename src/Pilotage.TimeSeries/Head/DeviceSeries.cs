using Pilotage.Core;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries.Head;

/// <summary>The shapes and series of one device.</summary>
internal sealed class DeviceSeries(TenantId tenant, DeviceId device)
{
    private readonly List<Shape> _shapes = [];
    private readonly Dictionary<string, SeriesState> _series = new(StringComparer.Ordinal);

    public TenantId Tenant => tenant;

    public DeviceId Device => device;

    public IReadOnlyList<Shape> Shapes => _shapes;

    /// <summary>The sealed blocks of the device, in order of their segments.</summary>
    public List<BlockRef> Blocks { get; } = [];

    public IEnumerable<SeriesState> Series => _series.Values;

    public bool TryGetSeries(string property, out SeriesState? state) => _series.TryGetValue(property, out state);

    public Shape? Find(ReadOnlySpan<string> properties)
    {
        foreach (var shape in _shapes)
        {
            if (properties.SequenceEqual(shape.Properties))
            {
                return shape;
            }
        }

        return null;
    }

    public Shape Add(int id, string[] properties)
    {
        var series = new SeriesState[properties.Length];
        for (var i = 0; i < properties.Length; i++)
        {
            if (!_series.TryGetValue(properties[i], out var state))
            {
                state = new SeriesState(properties[i]);
                _series.Add(properties[i], state);
            }

            series[i] = state;
        }

        var shape = new Shape(id, tenant, device, properties, series);
        _shapes.Add(shape);
        return shape;
    }
}
