using Microsoft.Extensions.Logging;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Core.Durability;

namespace Pilotage.Edge.Buffer;

/// <summary>The edge's durable buffer: events and states in one lane, telemetry and inferences in another, so that the many never push out the few.</summary>
internal sealed class StoreAndForward : IAsyncDisposable
{
    private StoreAndForward(BufferLane events, BufferLane data) => (Events, Data) = (events, data);

    /// <summary>Priority 0: events, alerts, states, twins; dropped last, bounded by its own space.</summary>
    public BufferLane Events { get; }

    /// <summary>Priority 1: telemetry and inferences.</summary>
    public BufferLane Data { get; }

    public static StoreAndForward Open(IDurableDirectory directory, EdgeOptions options, Func<string> newId, TimeProvider time, ILoggerFactory logs)
    {
        var logger = logs.CreateLogger<StoreAndForward>();
        return new StoreAndForward(
            BufferLane.Open(directory.Sub("events"), 0, options.EventBufferBytesMax, 0, newId, time, logger),
            BufferLane.Open(directory.Sub("data"), 1, options.BufferBytesMax, options.HistoryBytesMax, newId, time, logger));
    }

    /// <summary>Completes when the message is on disk in the lane of its class.</summary>
    public ValueTask AppendAsync(ForwardedMessage message, string topicClass, CancellationToken cancellation) =>
        (topicClass is TopicClass.Telemetry or TopicClass.Inference or TopicClass.Media ? Data : Events).AppendAsync(message, cancellation);

    public async ValueTask DisposeAsync()
    {
        await Events.DisposeAsync();
        await Data.DisposeAsync();
    }
}
