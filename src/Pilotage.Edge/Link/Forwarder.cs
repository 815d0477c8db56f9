using System.Buffers;
using Microsoft.Extensions.Logging;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Edge.Buffer;
using Pilotage.Protocols.Mqtt;
using Pilotage.TimeSeries.Chunks;

namespace Pilotage.Edge.Link;

/// <summary>Sends lanes upstream, batch by batch, the first lane that has something first, and moves the mark when the server has acknowledged: effectively once by offset.</summary>
/// <remarks>Messages go as columns. A server of before columns refuses the format of such a batch; it gets the same messages as they are, and is asked again now and then.</remarks>
internal sealed partial class Forwarder(
    IReadOnlyList<BufferLane> lanes, string edge, string edgePath, TimeSpan linger, UplinkBudget budget, bool isUrgent, Func<MqttMessage, CancellationToken, ValueTask<MqttReason>> publish,
    TimeProvider time, ILogger<Forwarder> logger)
{
    private const int MessagesMax = 4000;
    private const int BytesMax = 512 * 1024;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromHours(1);
    private DateTimeOffset _columnsFrom = DateTimeOffset.MinValue;

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            var lane = await DueAsync(stopping);
            if (linger > TimeSpan.Zero && lane.PendingBytes < BytesMax)
            {
                // What comes meanwhile shares the frame, and columns of few rows are no shorter than rows.
                await Task.Delay(linger, time, stopping);
            }

            if (await lane.NextAsync(edge, MessagesMax, BytesMax, stopping) is not { } batch)
            {
                continue;
            }

            if (await SendAsync(batch, stopping))
            {
                await lane.AckAsync(batch.NextOffset, stopping);
            }
            else
            {
                // Then whatever is first by then.
                await Task.Delay(RetryAfter, time, stopping);
            }
        }
    }

    private async Task<BufferLane> DueAsync(CancellationToken stopping)
    {
        while (true)
        {
            if (lanes.FirstOrDefault(lane => lane.HasPending) is { } due)
            {
                return due;
            }

            using var found = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            await Task.WhenAny(lanes.Select(lane => lane.WaitAsync(found.Token)));
            await found.CancelAsync();
            stopping.ThrowIfCancellationRequested();
        }
    }

    private async Task<bool> SendAsync(ForwardBatch batch, CancellationToken stopping)
    {
        var withColumns = time.GetUtcNow() >= _columnsFrom;
        var reason = await PublishAsync(withColumns ? MessageColumns.Pack(batch) : batch.AsFormat1(), stopping);
        if (withColumns && reason == MqttReason.PayloadFormatInvalid)
        {
            Log.Format1(logger);
            _columnsFrom = time.GetUtcNow() + AskAgainAfter;
            reason = await PublishAsync(batch.AsFormat1(), stopping);
        }

        if ((byte)reason >= 0x80)
        {
            Log.Refused(logger, batch.Messages.Count, reason);
            return false;
        }

        return true;
    }

    private async ValueTask<MqttReason> PublishAsync(ForwardBatch batch, CancellationToken stopping)
    {
        var buffer = new ArrayBufferWriter<byte>();
        batch.Encode(buffer);
        await budget.TakeAsync(buffer.WrittenCount, isUrgent, stopping);
        return await publish(
            new MqttMessage
            {
                Topic = TopicPath.Of(edgePath, TopicClass.Forward),
                Payload = buffer.WrittenMemory,
                Qos = 1,
                ContentType = ForwardBatch.ContentType,
            },
            stopping);
    }

    private static partial class Log
    {
        [LoggerMessage(5111, LogLevel.Warning, "The server did not take {Count} messages ({Reason}); they stay in the buffer")]
        public static partial void Refused(ILogger logger, int count, MqttReason reason);

        [LoggerMessage(5112, LogLevel.Information, "The server does not read batches with columns; it gets them without, which takes more bytes, until it is upgraded")]
        public static partial void Format1(ILogger logger);
    }
}
