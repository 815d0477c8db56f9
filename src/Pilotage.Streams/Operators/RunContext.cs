using Pilotage.Core;
using Pilotage.Streams.Expressions;

namespace Pilotage.Streams.Operators;

/// <summary>What the operators of one run share: devices by index, the sink, the clock, the counters.</summary>
internal sealed class RunContext(
    IPipelineSink sink, TimeProvider time, PipelineLimits limits, IReadOnlyList<string> texts)
{
    /// <summary>Counters of a checkpoint before there were texts.</summary>
    public const int CountersOfVersion1 = 11;

    public IPipelineSink Sink => sink;

    public TimeProvider Time => time;

    public PipelineLimits Limits => limits;

    public TextPool Texts { get; } = new(texts, limits);

    public DeviceTable Devices { get; } = new(limits.DevicesMax);

    /// <summary>Why a question cannot be answered after all, by a bound it ran into.</summary>
    public Refusal? Overflow { get; set; }

    /// <summary>Whether all rows that were asked for have been told.</summary>
    public bool IsDone { get; set; }

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

    public DeviceId Device(int index) => Devices[index];

    public string Text(int index) => Texts[index];

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
        TextsRefused = Texts.Refused,
    };

    public long[] SaveCounters() =>
    [
        Rows, Late, Duplicates, OutOfRange, DevicesRefused, ReleasedEarly, WindowRowsDropped, Inferences,
        InferencesRejected, AlertsRaised, AlertsCleared, Texts.Refused,
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
        Texts.Refused = saved.Length > CountersOfVersion1 ? saved[CountersOfVersion1] : 0;
    }
}
