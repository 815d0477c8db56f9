using System.Buffers;
using Microsoft.Extensions.Logging;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Edge.Buffer;
using Pilotage.Protocols.Mqtt;
using Pilotage.TimeSeries.Chunks;

namespace Pilotage.Edge.Link;

/// <summary>Sends one lane upstream, batch by batch, and moves the mark when the server has acknowledged: effectively once by offset.</summary>
/// <remarks>Messages go as columns. A server of before columns refuses the format of such a batch; it gets the same messages as they are, and is asked again now and then.</remarks>
internal sealed partial class Forwarder(
    BufferLane lane, string edge, string edgePath, TimeSpan linger, Func<MqttMessage, CancellationToken, ValueTask<MqttReason>> publish,
    TimeProvider time, ILogger<Forwarder> logger)
{
    private const int MessagesMax = 4000;
    private const int BytesMax = 512 * 1024;
    private const int SaveMarkEvery = 50;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromHours(1);
    private DateTimeOffset _columnsFrom = DateTimeOffset.MinValue;

    public async Task RunAsync(CancellationToken stopping)
    {
        for (var sent = 1; !stopping.IsCancellationRequested; sent++)
        {
            await lane.WaitAsync(stopping);
            if (linger > TimeSpan.Zero && lane.PendingBytes < BytesMax)
            {
                // What comes meanwhile shares the frame, and columns of few rows are no shorter than rows.
                await Task.Delay(linger, time, stopping);
            }

            if (lane.Next(edge, MessagesMax, BytesMax) is not { } batch)
            {
                continue;
            }

            while (!await SendAsync(batch, stopping))
            {
                await Task.Delay(RetryAfter, time, stopping);
            }

            await lane.AckAsync(batch.NextOffset, stopping);
            if (sent % SaveMarkEvery == 0)
            {
                lane.SaveMark();
            }
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

    private ValueTask<MqttReason> PublishAsync(ForwardBatch batch, CancellationToken stopping)
    {
        var buffer = new ArrayBufferWriter<byte>();
        batch.Encode(buffer);
        return publish(
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
