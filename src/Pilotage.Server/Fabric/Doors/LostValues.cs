using Pilotage.Server.Fabric.Agreements;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Doors;

/// <summary>Values of a body of lines that are not stored though they could be read, and the lines that they stand on.</summary>
internal sealed class LostValues(TimeSeriesStore store)
{
    private readonly Dictionary<(DeviceId Device, long TimeNs, string Property), (string Says, int Line, string Field)> _values = [];
    private readonly Dictionary<DeviceId, (string Says, RejectedValue? For, int Line, int Lines, int Last)> _rejected = [];

    public bool IsEmpty => _values.Count + _rejected.Count == 0;

    /// <summary>What is missing of one device.</summary>
    public void Add(DecodedMessage read, DecodedMessage kept)
    {
        var device = read.Device.Id;
        if (kept.Rejected is { } rejected)
        {
            _rejected[device] = (rejected.Message.TrimEnd('.'), kept.RejectedFor, 0, 0, 0);
            return;
        }

        var there = kept.Rows.SelectMany(row => row.Properties.Select(property => (row.TimeNs, property)))
            .Concat(kept.Held.Select(point => (point.TimeNs, point.Property))).ToHashSet();
        foreach (var row in read.Rows)
        {
            for (var i = 0; i < row.Properties.Length; i++)
            {
                if (!there.Contains((row.TimeNs, row.Properties[i])))
                {
                    _values[(device, row.TimeNs, row.Properties[i])] = (Reason(read, row, i), 0, "");
                }
            }
        }
    }

    /// <summary>What fits its series and is not stored is not what the contract asks.</summary>
    private string Reason(DecodedMessage read, TelemetryRow row, int place)
    {
        SeriesValue[] value = [row.Values[place]];
        var misfit = store.Admit(read.Device.Tenant, read.Device.Id, row.Properties.AsSpan(place, 1), value)[0];
        return $"{row.Properties[place]}: {misfit ?? $"it is not what the contract of {read.Device.Thing} asks"}";
    }

    /// <summary>Takes note of the line of a value; of two at one time the last one counts, as everywhere.</summary>
    public void Met(DeviceId device, long timeNs, string property, int line, string field)
    {
        if (_rejected.TryGetValue(device, out var all))
        {
            var isMeant = all.For is { } value && value.TimeNs == timeNs && (value.Property ?? property) == property;
            _rejected[device] = (all.Says, all.For, all.Line == 0 || isMeant ? line : all.Line, all.Last == line ? all.Lines : all.Lines + 1, line);
        }

        if (_values.TryGetValue((device, timeNs, property), out var lost))
        {
            _values[(device, timeNs, property)] = (lost.Says, line, field);
        }
    }

    /// <summary>What was met, in the order of lines.</summary>
    public IEnumerable<(int Line, string Where, string Says)> Told() => _values.Values.Where(value => value.Line > 0).Select(value => (value.Line, $"line {value.Line}, field {value.Field}", value.Says))
        .Concat(_rejected.Select(one => (one.Value.Line, $"line {one.Value.Line}", one.Value.Lines == 1 ? one.Value.Says : $"{one.Value.Says}; none of the {one.Value.Lines} lines of {one.Key} is stored")))
        .OrderBy(told => told.Line);
}
