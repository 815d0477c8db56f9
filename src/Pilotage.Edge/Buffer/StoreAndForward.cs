using Microsoft.Extensions.Logging;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Core.Durability;

namespace Pilotage.Edge.Buffer;

/// <summary>The edge's durable buffer in four lanes: alerts before events and states, before telemetry and inferences, before clips.</summary>
/// <remarks>Telemetry and clips share their room, and of the two clips make place first. Alerts and events have room of their own, so that the many never push out the few.</remarks>
internal sealed class StoreAndForward : IAsyncDisposable
{
    private readonly long _bytesMax;

    private StoreAndForward(BufferLane alerts, BufferLane events, BufferLane data, BufferLane clips, long bytesMax) =>
        (Alerts, Events, Data, Clips, _bytesMax) = (alerts, events, data, clips, bytesMax);

    /// <summary>Priority 0: alerts.</summary>
    public BufferLane Alerts { get; }

    /// <summary>Priority 1: events, states, twins.</summary>
    public BufferLane Events { get; }

    /// <summary>Priority 2: telemetry and inferences.</summary>
    public BufferLane Data { get; }

    /// <summary>Priority 3: clips.</summary>
    public BufferLane Clips { get; }

    public static StoreAndForward Open(IDurableDirectory directory, EdgeOptions options, Func<string> newId, TimeProvider time, ILoggerFactory logs)
    {
        var logger = logs.CreateLogger<StoreAndForward>();
        BufferLane Lane(string folder, string name, int priority, long bytesMax, long historyBytesMax) =>
            BufferLane.Open(directory.Sub(folder), name, priority, bytesMax, historyBytesMax, newId, time, logger);
        return new StoreAndForward(
            Lane("alerts", "alerts", 0, options.EventBufferBytesMax, 0),
            Lane("events", "events", 1, options.EventBufferBytesMax, 0),
            Lane("data", "telemetry", 2, options.BufferBytesMax, options.HistoryBytesMax),
            Lane("clips", "clips", 3, options.BufferBytesMax, 0),
            options.BufferBytesMax);
    }

    /// <summary>Completes when the message is on disk in the lane of its class.</summary>
    public async ValueTask AppendAsync(ForwardedMessage message, TopicPath path, CancellationToken cancellation)
    {
        await Of(path).AppendAsync(message, cancellation);
        if (IsOver())
        {
            // One step each: what is on its way stays, so there may be nothing to drop.
            await Clips.DropAsync(() => IsOver() && Clips.PendingBytes > 0, cancellation);
            await Data.DropAsync(IsOver, cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Alerts.DisposeAsync();
        await Events.DisposeAsync();
        await Data.DisposeAsync();
        await Clips.DisposeAsync();
    }

    private BufferLane Of(TopicPath path) => path.Class switch
    {
        TopicClass.Media => Clips,
        TopicClass.Telemetry or TopicClass.Inference => Data,
        TopicClass.Event when path.Name.StartsWith("alert", StringComparison.Ordinal) => Alerts,
        _ => Events,
    };

    private bool IsOver() => Data.PendingBytes + Clips.PendingBytes > _bytesMax;
}
