using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Edge;
using Pilotage.Edge.Buffer;
using Pilotage.Edge.Link;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing;
using Pilotage.TimeSeries.Chunks;
using Xunit;

namespace Pilotage.Tests.Edge;

public sealed class StoreAndForwardTests
{
    private const int Alerts = 0;
    private const int Events = 1;
    private const int Telemetry = 2;
    private const int Clips = 3;
    private const int StepsMax = 1_000_000;
    private readonly SimulatedDisk _disk = new(new Random(1));
    private readonly ManualTime _time = new();
    private int _ns;

    [Theory]
    [InlineData("_event/alert", Alerts)]
    [InlineData("_event/alert.cleared", Alerts)]
    [InlineData("_event/stop", Events)]
    [InlineData("_state", Events)]
    [InlineData("_twin/reported", Events)]
    [InlineData("_tele", Telemetry)]
    [InlineData("_tele/a", Telemetry)]
    [InlineData("_infer/wear", Telemetry)]
    [InlineData("_media/front", Clips)]
    public async Task A_message_waits_in_the_lane_of_its_class(string suffix, int priority)
    {
        await using var buffer = Open(1 << 20);
        await PutAsync(buffer, suffix, 10);

        Assert.Equal(priority, Assert.Single(Lanes(buffer), lane => lane.HasPending).Priority);
    }

    [Fact]
    public async Task Clips_make_room_for_telemetry_and_neither_for_nor_by_events()
    {
        await using var buffer = Open(1 << 20);
        for (var i = 0; i < 500; i++)
        {
            await PutAsync(buffer, "_media/front", 1000);
            await PutAsync(buffer, "_event/stop", 1000);
        }

        for (var i = 0; i < 800; i++)
        {
            await PutAsync(buffer, "_tele", 1000);
        }

        var (telemetry, clips, events) = (await DrainAsync(buffer.Data), await DrainAsync(buffer.Clips), await DrainAsync(buffer.Events));

        Assert.Equal((800, 0), (telemetry.Messages, telemetry.Dropped));
        Assert.Equal((500, 0), (events.Messages, events.Dropped));
        Assert.Equal(500, clips.Messages + clips.Dropped);
        Assert.InRange(clips.Dropped, 200, 450);
    }

    [Fact]
    public async Task Telemetry_goes_once_there_are_no_clips()
    {
        await using var buffer = Open(1 << 20);
        await PutAsync(buffer, "_media/front", 1000);
        for (var i = 0; i < 1500; i++)
        {
            await PutAsync(buffer, "_tele", 1000);
        }

        Assert.InRange(buffer.Data.PendingBytes + buffer.Clips.PendingBytes, 0, 1 << 20);
        var (telemetry, clips) = (await DrainAsync(buffer.Data), await DrainAsync(buffer.Clips));
        Assert.Equal((1500, 1), (telemetry.Messages + telemetry.Dropped, clips.Dropped));
        Assert.InRange(telemetry.Dropped, 400, 700);
    }

    [Fact]
    public async Task What_is_urgent_is_sent_first_and_what_comes_while_a_batch_is_refused_goes_before_it()
    {
        await using var buffer = Open(1 << 20);
        await PutAsync(buffer, "_media/front", 10);
        await PutAsync(buffer, "_tele", 10);
        await PutAsync(buffer, "_event/stop", 10);
        var classes = new List<string>();
        async ValueTask<MqttReason> PublishAsync(MqttMessage message, CancellationToken cancellation)
        {
            var batch = ForwardBatch.Decode(message.Payload.Span).Then(MessageColumns.Unpack).Value;
            Assert.True(TopicPath.TryParse(batch.Messages[0].Topic, out var path));
            classes.Add(path.Class + "/" + path.Name);
            if (classes.Count > 1)
            {
                return MqttReason.Success;
            }

            await PutAsync(buffer, "_event/alert", 10);
            return MqttReason.QuotaExceeded;
        }

        using var stopping = new CancellationTokenSource();
        var running = new Forwarder(Lanes(buffer), "edge-1", "acme/s/edge-1", TimeSpan.Zero, UplinkBudgetTests.Unbounded(_time), isUrgent: false, PublishAsync, _time, NullLogger<Forwarder>.Instance).RunAsync(stopping.Token);
        for (var steps = 0; Lanes(buffer).Any(lane => lane.HasPending); steps++)
        {
            Assert.InRange(steps, 0, StepsMax);
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(["_event/stop", "_event/alert", "_event/stop", "_tele/", "_media/front"], classes);
    }

    private static BufferLane[] Lanes(StoreAndForward buffer) => [buffer.Alerts, buffer.Events, buffer.Data, buffer.Clips];

    private static async Task<(long Messages, long Dropped)> DrainAsync(BufferLane lane)
    {
        var (messages, dropped) = (0L, 0L);
        while (await lane.NextAsync("edge-1", 1000, 1 << 24, default) is { } batch)
        {
            (messages, dropped) = (messages + batch.Messages.Count, dropped + batch.Gaps.Sum(gap => gap.Count));
            await lane.AckAsync(batch.NextOffset, default);
        }

        return (messages, dropped);
    }

    private StoreAndForward Open(long bytesMax)
    {
        var options = new EdgeOptions { DataPath = "", Server = new Uri("http://127.0.0.1"), Mqtts = new DnsEndPoint("127.0.0.1", 1), BufferBytesMax = bytesMax };
        return StoreAndForward.Open(_disk.Root, options, () => "log", _time, NullLoggerFactory.Instance);
    }

    private async Task PutAsync(StoreAndForward buffer, string suffix, int bytes)
    {
        var topic = "acme/s/d1/" + suffix;
        Assert.True(TopicPath.TryParse(topic, out var path));
        await buffer.AppendAsync(new ForwardedMessage(0, _ns++, topic, new byte[bytes]), path, default);
    }
}
