using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Rows that fit their series as they are, in batches ready to be stored.</summary>
/// <param name="expected">Points that are likely to come, so that room is made once.</param>
internal sealed class DirectRows(int expected)
{
    private const int BatchPointsMax = 50_000;
    private readonly List<PointBatch> _batches = [];
    private readonly List<Device> _devices = [];

    public IReadOnlyList<PointBatch> Batches => _batches;

    public IReadOnlyCollection<Device> Devices => _devices;

    public int Rows { get; private set; }

    public int Values { get; private set; }

    /// <summary>Adds a row; the values are copied, the names kept.</summary>
    public void Add(Device device, long timeNs, long receivedNs, string[] properties, ReadOnlySpan<SeriesValue> values)
    {
        Batch(receivedNs).AddRow(device.Tenant, device.Id, timeNs, receivedNs, properties, values, Quality.Good);
        Count(values.Length);
    }

    /// <summary>The same with nothing but doubles.</summary>
    public void Add(Device device, long timeNs, long receivedNs, string[] properties, ReadOnlySpan<double> values)
    {
        Batch(receivedNs).AddRow(device.Tenant, device.Id, timeNs, receivedNs, properties, values, Quality.Good);
        Count(values.Length);
    }

    /// <summary>Takes note of a device whose rows are among them.</summary>
    public void Add(Device device) => _devices.Add(device);

    private PointBatch Batch(long receivedNs)
    {
        if (_batches.Count == 0 || _batches[^1].Count >= BatchPointsMax)
        {
            _batches.Add(new PointBatch(Math.Clamp(expected - Values, 0, BatchPointsMax)) { ReceivedNs = receivedNs });
        }

        return _batches[^1];
    }

    private void Count(int values)
    {
        Rows++;
        Values += values;
    }
}
