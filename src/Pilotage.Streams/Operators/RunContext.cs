using Pilotage.Core;

namespace Pilotage.Streams.Operators;

/// <summary>What the operators of one run share: devices by index, the sink, the clock, the counters.</summary>
internal sealed class RunContext(
    IPipelineSink sink, TimeProvider time, PipelineLimits limits, IReadOnlyList<string> texts)
{
    private readonly Dictionary<DeviceId, int> _indexes = [];
    private readonly List<DeviceId> _devices = [];

    public IPipelineSink Sink => sink;

    public TimeProvider Time => time;

    public PipelineLimits Limits => limits;

    public IReadOnlyList<DeviceId> Devices => _devices;

    public long Rows;
    public long Late;
    public long Duplicates;
    public long OutOfRange;
    public long DevicesRefused;
    public long ReleasedEarly;
    public long WindowRowsDropped;
    public long Inferences;
    public long InferencesRejected;
    public long AlertsRaised;
    public long AlertsCleared;

    public DeviceId Device(int index) => _devices[index];

    public string Text(int index) => texts[index];

    /// <summary>The index of a device, a new one for a new device, or -1 when there are too many.</summary>
    public int IndexOf(DeviceId device)
    {
        if (_indexes.TryGetValue(device, out var index))
        {
            return index;
        }

        if (_devices.Count == limits.DevicesMax)
        {
            return -1;
        }

        _indexes.Add(device, _devices.Count);
        _devices.Add(device);
        return _devices.Count - 1;
    }

    public PipelineCounters Counters => new()
    {
        Rows = Rows,
        Late = Late,
        Duplicates = Duplicates,
        OutOfRange = OutOfRange,
        DevicesRefused = DevicesRefused,
        ReleasedEarly = ReleasedEarly,
        WindowRowsDropped = WindowRowsDropped,
        Inferences = Inferences,
        InferencesRejected = InferencesRejected,
        AlertsRaised = AlertsRaised,
        AlertsCleared = AlertsCleared,
    };

    public long[] SaveCounters() =>
    [
        Rows, Late, Duplicates, OutOfRange, DevicesRefused, ReleasedEarly, WindowRowsDropped, Inferences,
        InferencesRejected, AlertsRaised, AlertsCleared,
    ];

    public void LoadCounters(ReadOnlySpan<long> saved)
    {
        Rows = saved[0];
        Late = saved[1];
        Duplicates = saved[2];
        OutOfRange = saved[3];
        DevicesRefused = saved[4];
        ReleasedEarly = saved[5];
        WindowRowsDropped = saved[6];
        Inferences = saved[7];
        InferencesRejected = saved[8];
        AlertsRaised = saved[9];
        AlertsCleared = saved[10];
    }
}
