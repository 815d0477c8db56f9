using System.Diagnostics;
using Pilotage.Protocols.Mqtt;
using Pilotage.System.Server;
using Pilotage.Testing.Gateway;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Limits;

/// <summary>A disk that takes half a second for every sync: strace holds each of them back on the real process.</summary>
public sealed class SlowDiskTests(ITestOutputHelper output)
{
    private const int SyncMs = 500;
    private const int Messages = 100;
    private const int ReceiveMaximum = 32;
    private const string Topic = "default/plant/slow-1/_tele/n";

    [Fact]
    public async Task Acks_wait_for_the_disk_together_and_nothing_else_waits()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartSlowAsync(folder.Path, SyncMs);
        using var reader = await SocketPeer.ConnectAsync(server.Door.MqttPort, "reader");
        await reader.SubscribeAsync("default/plant/#");
        using var publisher = await SocketPeer.ConnectAsync(server.Door.MqttPort, "publisher");

        // The device is found with its first message; what that costs is not what this is about.
        Assert.Equal(MqttReason.Success, await publisher.PublishAsync(Topic, "0"u8.ToArray()));
        await reader.ExpectAsync(MqttPacketType.Publish);

        // The client is answered, and who listens has the message, while its ack still waits.
        await publisher.PublishAsync(Topic, 2, "1"u8.ToArray());
        await reader.ExpectAsync(MqttPacketType.Publish);
        await publisher.PingAsync();
        await publisher.ExpectAsync(MqttPacketType.PubAck);

        // As many as may be under way share their syncs: one after the other would take a minute.
        var started = Stopwatch.StartNew();
        for (int sent = 0, acked = 0; acked < Messages; acked++)
        {
            for (; sent < Messages && sent - acked < ReceiveMaximum; sent++)
            {
                await publisher.PublishAsync(Topic, (ushort)(sent + 3), "2"u8.ToArray());
            }

            await publisher.ExpectAsync(MqttPacketType.PubAck);
            Assert.Equal(MqttReason.Success, publisher.AckReason());
        }

        output.WriteLine($"{Messages} acknowledged in {started.ElapsedMilliseconds} ms, where one sync takes {SyncMs} ms");
        Assert.InRange(started.ElapsedMilliseconds, 2 * SyncMs, Messages * SyncMs / 2);
    }
}
