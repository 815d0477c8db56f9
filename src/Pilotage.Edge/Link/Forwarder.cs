using System.Buffers;
using Microsoft.Extensions.Logging;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Edge.Buffer;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Edge.Link;

/// <summary>Sends one lane upstream, batch by batch, and moves the mark when the server has acknowledged: effectively once by offset.</summary>
internal sealed partial class Forwarder(
    BufferLane lane, string edge, string edgePath, Func<MqttMessage, CancellationToken, ValueTask<MqttReason>> publish,
    TimeProvider time, ILogger<Forwarder> logger)
{
    private const int MessagesMax = 2000;
    private const int BytesMax = 512 * 1024;
    private const int SaveMarkEvery = 50;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public async Task RunAsync(CancellationToken stopping)
    {
        for (var sent = 1; !stopping.IsCancellationRequested; sent++)
        {
            await lane.WaitAsync(stopping);
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
        var buffer = new ArrayBufferWriter<byte>();
        batch.Encode(buffer);
        var reason = await publish(
            new MqttMessage
            {
                Topic = TopicPath.Of(edgePath, TopicClass.Forward),
                Payload = buffer.WrittenMemory,
                Qos = 1,
                ContentType = ForwardBatch.ContentType,
            },
            stopping);
        if ((byte)reason >= 0x80)
        {
            Log.Refused(logger, batch.Messages.Count, reason);
            return false;
        }

        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(5111, LogLevel.Warning, "The server did not take {Count} messages ({Reason}); they stay in the buffer")]
        public static partial void Refused(ILogger logger, int count, MqttReason reason);
    }
}
