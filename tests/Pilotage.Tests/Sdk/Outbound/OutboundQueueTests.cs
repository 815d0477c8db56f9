using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Xunit;

namespace Pilotage.Tests.Sdk.Outbound;

/// <summary>What waits, what goes, what is kept: without faults of the disk.</summary>
public sealed class OutboundQueueTests : IAsyncLifetime
{
    private readonly QueueRig _rig = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _rig.DisposeAsync().AsTask();

    [Fact]
    public async Task What_was_not_acknowledged_is_sent_again_after_a_restart_in_its_order()
    {
        await _rig.OpenAsync();
        for (var number = 1; number <= 5; number++)
        {
            await _rig.PublishAsync(number);
        }

        await _rig.AcknowledgeAsync(await _rig.TakeAsync());
        var second = await _rig.TakeAsync();
        await _rig.AcknowledgeAsync(await _rig.TakeAsync());
        Assert.Equal(2, _rig.Number(second));

        var queue = await _rig.RestartAsync();

        Assert.Equal(3, queue.State.Waiting);
        Assert.Equal([2, 4, 5], await _rig.DrainAsync());
        Assert.Equal((0, 0L, 3L), (queue.State.Waiting, queue.State.WaitingBytes, queue.State.Sent));
        Assert.Equal(0, (await _rig.RestartAsync()).State.Waiting);
    }

    [Fact]
    public async Task A_message_comes_back_with_all_its_properties()
    {
        await _rig.OpenAsync();
        var sent = new MqttMessage
        {
            Topic = "acme/ü/_tele",
            Payload = "42"u8.ToArray(),
            Qos = 2,
            Retain = true,
            PayloadFormat = 1,
            ContentType = "text/plain",
            ResponseTopic = "acme/answers",
            CorrelationData = "7"u8.ToArray(),
            UserProperties = [("a", "1"), ("a", "2")],
        };
        await _rig.Queue.AppendAsync(sent, default);

        await _rig.RestartAsync();

        var got = _rig.Queue.Outgoing(await _rig.TakeAsync())!;
        Assert.Equal(sent.Payload.ToArray(), got.Payload.ToArray());
        Assert.Equal(sent.CorrelationData.ToArray(), got.CorrelationData.ToArray());
        Assert.Equal(sent.UserProperties, got.UserProperties);
        Assert.Equal(sent with { Payload = default, CorrelationData = default, UserProperties = [] }, got with { Payload = default, CorrelationData = default, UserProperties = [] });
    }

    [Fact]
    public async Task A_message_that_could_not_be_read_back_is_refused_at_once()
    {
        await _rig.OpenAsync();
        var refused = await Assert.ThrowsAsync<ArgumentException>(
            async () => await _rig.Queue.AppendAsync(QueueRig.Message(1) with { ResponseTopic = "acme/#" }, default));
        Assert.Contains("a property that MQTT does not allow", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, _rig.Queue.State.Waiting);
    }

    [Fact]
    public async Task Qos_2_is_taken_up_after_a_restart_where_the_broker_stands()
    {
        await _rig.OpenAsync();
        for (var number = 1; number <= 4; number++)
        {
            await _rig.PublishAsync(number, qos: 2);
        }

        var done = await _rig.TakeAsync();
        await _rig.ReceiveAsync(done);
        await _rig.AcknowledgeAsync(done);
        var received = await _rig.TakeAsync();
        await _rig.ReceiveAsync(received);
        var sent = await _rig.TakeAsync();

        var queue = await _rig.RestartAsync();

        var unanswered = queue.Unanswered(sessionPresent: true);
        Assert.Equal(
            [(received.PacketId, true, true), (sent.PacketId, false, true)], unanswered.Select(queued => (queued.PacketId, queued.IsReceived, queued.WasSent)));
        Assert.Equal(3, _rig.Number(unanswered[1]));
        Assert.True(queue.Uses(received.PacketId) && queue.Uses(sent.PacketId) && !queue.Uses(done.PacketId));
        Assert.Equal(4, _rig.Number(await _rig.TakeAsync()));
        Assert.Equal(0, queue.State.Uncertain);
    }

    [Fact]
    public async Task What_the_broker_may_have_is_counted_when_it_has_forgotten_the_session()
    {
        await _rig.OpenAsync();
        await _rig.PublishAsync(1, qos: 2);
        await _rig.PublishAsync(2, qos: 2);
        await _rig.PublishAsync(3);
        await _rig.ReceiveAsync(await _rig.TakeAsync());
        await _rig.TakeAsync();
        await _rig.TakeAsync();

        var queue = await _rig.RestartAsync();

        Assert.Equal(2, queue.Unanswered(sessionPresent: false).Count);
        Assert.Equal(1, queue.State.Uncertain);
    }

    [Fact]
    public async Task An_identifier_is_taken_until_the_end_of_its_message_is_on_disk()
    {
        await _rig.OpenAsync();
        await _rig.PublishAsync(1, qos: 2);
        var queued = await _rig.TakeAsync();
        await _rig.ReceiveAsync(queued);

        _rig.Disk.CapacityBytes = 0;
        Assert.True(_rig.Queue.Acknowledged(queued));
        Assert.False(_rig.Queue.Acknowledged(queued));
        await QueueRig.UntilAsync(() => _rig.Time.ArmedTimers > 0);
        Assert.True(_rig.Queue.Uses(queued.PacketId));

        _rig.Disk.CapacityBytes = long.MaxValue;
        _rig.Time.Advance(TimeSpan.FromSeconds(1));
        await _rig.Queue.EmptyAsync(default).WaitAsync(QueueRig.Patience);
        Assert.False(_rig.Queue.Uses(queued.PacketId));
    }

    [Fact]
    public async Task A_full_queue_refuses_with_the_limit_and_its_option()
    {
        _rig.Options = _rig.Options with { MessagesMax = 3 };
        await _rig.OpenAsync();
        for (var number = 1; number <= 3; number++)
        {
            await _rig.PublishAsync(number);
        }

        var full = await Assert.ThrowsAsync<MqttQueueException>(() => _rig.PublishAsync(4));
        Assert.Equal(MqttQueueFault.Full, full.Fault);
        Assert.Contains("the limit is 3 messages (MessagesMax)", full.Message, StringComparison.Ordinal);

        await _rig.AcknowledgeAsync(await _rig.TakeAsync());
        await _rig.PublishAsync(5);
        await _rig.RestartAsync();
        Assert.Equal([2, 3, 5], await _rig.DrainAsync());
    }

    [Fact]
    public async Task Bytes_are_bounded_too()
    {
        await _rig.OpenAsync();
        var taken = 0;
        MqttQueueException full;
        do
        {
            full = (await Record.ExceptionAsync(() => _rig.PublishAsync(++taken, bytes: 10_000)) as MqttQueueException)!;
        }
        while (full is null);

        Assert.Equal((MqttQueueFault.Full, 26), (full.Fault, taken - 1));
        Assert.Contains($"the limit is {MqttQueueOptions.BytesLeast} bytes (BytesMax)", full.Message, StringComparison.Ordinal);
        Assert.InRange(_rig.Queue.State.WaitingBytes, 260_000, MqttQueueOptions.BytesLeast);

        var large = await Assert.ThrowsAsync<MqttQueueException>(() => _rig.PublishAsync(0, bytes: 300_000));
        Assert.Equal(MqttQueueFault.TooLarge, large.Fault);
    }

    [Fact]
    public async Task A_full_queue_that_may_drop_gives_up_the_oldest_that_is_not_on_its_way_and_says_so()
    {
        _rig.Options = _rig.Options with { MessagesMax = 3, WhenFull = MqttQueueOverflow.DropOldest };
        await _rig.OpenAsync();
        for (var number = 1; number <= 3; number++)
        {
            await _rig.PublishAsync(number);
        }

        var first = await _rig.TakeAsync();
        await _rig.PublishAsync(4);
        await _rig.PublishAsync(5);

        Assert.Equal((3, 2L), (_rig.Queue.State.Waiting, _rig.Queue.State.Dropped));
        Assert.Equal([2, 3], _rig.Losses.Select(loss => BitConverter.ToInt32(loss.Message!.Payload.Span)));
        Assert.All(_rig.Losses, loss => Assert.Equal(MqttQueueLossCause.Dropped, loss.Cause));
        await _rig.AcknowledgeAsync(first);
        await _rig.RestartAsync();
        Assert.Equal([4, 5], await _rig.DrainAsync());
    }

    [Fact]
    public async Task Expiry_runs_while_a_message_waits_also_without_the_program()
    {
        await _rig.OpenAsync();
        await _rig.PublishAsync(1, expiry: 60);
        await _rig.PublishAsync(2, expiry: 100);
        _rig.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(30u, _rig.Queue.Outgoing(await _rig.TakeAsync())!.ExpirySeconds);

        await _rig.CloseAsync();
        _rig.Time.Advance(TimeSpan.FromSeconds(35));
        await _rig.OpenAsync();

        Assert.Equal(35u, _rig.Queue.Outgoing(await _rig.TakeAsync())!.ExpirySeconds);
        Assert.Equal(1, _rig.Queue.State.Expired);
        Assert.Equal((MqttQueueLossCause.Expired, 1L), (_rig.Losses.Single().Cause, _rig.Losses.Single().Count));
    }

    [Fact]
    public async Task A_clock_that_is_set_makes_no_message_younger_and_moves_nothing_while_the_program_runs()
    {
        await _rig.OpenAsync();
        await _rig.PublishAsync(1, expiry: 60);
        await _rig.PublishAsync(2, expiry: 60);
        _rig.Time.Jump(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero));
        _rig.Time.Advance(TimeSpan.FromSeconds(10));
        await _rig.RestartAsync();

        Assert.Equal(60u, _rig.Queue.Outgoing(await _rig.TakeAsync())!.ExpirySeconds);
        _rig.Time.Jump(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Assert.Equal(60u, _rig.Queue.Outgoing(_rig.Queue.Unanswered(true).Single())!.ExpirySeconds);
        _rig.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Null(await _rig.TryTakeAsync());
        Assert.Equal(1, _rig.Queue.State.Expired);
    }

    [Fact]
    public async Task A_message_refused_for_now_keeps_its_place_and_the_rest_waits_with_it()
    {
        await _rig.OpenAsync();
        await _rig.PublishAsync(1);
        await _rig.PublishAsync(2, qos: 2);
        await _rig.PublishAsync(3);
        var (first, second) = (await _rig.TakeAsync(), await _rig.TakeAsync());
        Assert.True(_rig.Queue.Refuse(second, MqttReason.QuotaExceeded));
        Assert.True(_rig.Queue.Refuse(first, MqttReason.ImplementationSpecificError));

        var ready = _rig.Queue.ReadyAsync(default);
        Assert.Null(_rig.Queue.TryTake(_rig.NewId));
        Assert.False(ready.IsCompleted);
        _rig.Time.Advance(TimeSpan.FromSeconds(1));
        await ready.WaitAsync(QueueRig.Patience);

        Assert.Equal([1, 2, 3], await _rig.DrainAsync());
        Assert.Empty(_rig.Losses);
    }

    [Fact]
    public async Task A_message_refused_for_good_goes_and_is_told()
    {
        await _rig.OpenAsync();
        await _rig.PublishAsync(1);
        await _rig.PublishAsync(2);
        Assert.True(_rig.Queue.Refuse(await _rig.TakeAsync(), MqttReason.NotAuthorized));
        await QueueRig.UntilAsync(() => _rig.Queue.State.Waiting == 1);

        var loss = Assert.Single(_rig.Losses);
        Assert.Equal((MqttQueueLossCause.Refused, MqttReason.NotAuthorized), (loss.Cause, loss.Reason));
        Assert.Equal(1, _rig.Queue.State.Refused);
        await _rig.RestartAsync();
        Assert.Equal([2], await _rig.DrainAsync());
    }

    [Fact]
    public async Task What_is_not_authorized_waits_where_that_is_wanted()
    {
        _rig.Options = _rig.Options with { KeepsUnauthorized = true };
        await _rig.OpenAsync();
        await _rig.PublishAsync(1);
        await _rig.PublishAsync(2);
        Assert.True(_rig.Queue.Refuse(await _rig.TakeAsync(), MqttReason.NotAuthorized));

        Assert.True(_rig.Queue.State.IsUnauthorized);
        Assert.Equal(2, _rig.Queue.State.Waiting);
        _rig.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([1, 2], await _rig.DrainAsync());
        Assert.False(_rig.Queue.State.IsUnauthorized);
        Assert.Empty(_rig.Losses);
    }

    [Fact]
    public async Task Another_client_gets_the_folder_only_when_nothing_waits_in_it()
    {
        await _rig.OpenAsync();
        await _rig.PublishAsync(1);

        var other = await Assert.ThrowsAsync<MqttQueueException>(() => _rig.RestartAsync("pump-8"));
        Assert.Equal(MqttQueueFault.OtherClient, other.Fault);
        Assert.Contains("1 messages of the client 'pump-7' wait", other.Message, StringComparison.Ordinal);

        await _rig.OpenAsync();
        Assert.Equal([1], await _rig.DrainAsync());
        Assert.False((await _rig.RestartAsync("pump-8")).HasSession);
    }

    [Fact]
    public async Task A_new_folder_begins_a_new_session_and_one_that_has_had_it_goes_on_with_it()
    {
        Assert.False((await _rig.OpenAsync()).HasSession);
        Assert.False((await _rig.RestartAsync()).HasSession);
        _rig.Queue.SessionBegan();
        Assert.True(_rig.Queue.HasSession);
        Assert.True((await _rig.RestartAsync()).HasSession);
    }

    [Fact]
    public async Task Much_more_than_the_memory_keeps_passes_in_order()
    {
        _rig.Options = _rig.Options with { BytesMax = 16 * 1024 * 1024 };
        await _rig.OpenAsync();
        const int Count = 2000;
        await Task.WhenAll(Enumerable.Range(1, Count).Select(number => _rig.PublishAsync(number, bytes: 1500)));
        Assert.Equal(Enumerable.Range(1, Count), await _rig.DrainAsync());

        // Everything was sent: next to nothing is left on disk.
        Assert.InRange(_rig.Disk.Root.List().Count(name => name.EndsWith(".log", StringComparison.Ordinal)), 1, 3);
    }

    [Fact]
    public async Task A_message_that_does_not_get_away_does_not_keep_the_rest_on_disk()
    {
        _rig.Options = _rig.Options with { MessagesMax = 20, WhenFull = MqttQueueOverflow.DropOldest };
        await _rig.OpenAsync();
        await _rig.PublishAsync(1, qos: 2);
        var stuck = await _rig.TakeAsync();
        for (var number = 2; number <= 3000; number++)
        {
            await _rig.PublishAsync(number, bytes: 2000);
        }

        // 6 MB have passed.
        await QueueRig.UntilAsync(() => _rig.LogBytes() <= 3 * MqttQueueOptions.BytesLeast);
        await _rig.RestartAsync();
        var unanswered = Assert.Single(_rig.Queue.Unanswered(true));
        Assert.Equal((stuck.PacketId, 1), (unanswered.PacketId, _rig.Number(unanswered)));
        Assert.Equal([1, .. Enumerable.Range(2982, 19)], await _rig.DrainAsync());
    }

    [Fact]
    public async Task Messages_that_move_to_the_end_of_the_log_keep_their_place()
    {
        await _rig.OpenAsync();
        for (var number = 1; number <= 5; number++)
        {
            await _rig.PublishAsync(number);
        }

        // Those that expire make room for each other; the few between them would keep it all on disk.
        var lasting = new List<int> { 1, 2, 3, 4, 5 };
        for (var number = 6; number <= 2000; number++)
        {
            var isLasting = number % 50 == 0;
            await _rig.PublishAsync(number, bytes: 2000, expiry: isLasting ? null : 1u);
            _rig.Time.Advance(TimeSpan.FromSeconds(1));
            lasting.AddRange(isLasting ? [number] : []);
        }

        await QueueRig.UntilAsync(() => _rig.LogBytes() <= 3 * MqttQueueOptions.BytesLeast);
        await _rig.RestartAsync();
        Assert.Equal(lasting, await _rig.DrainAsync());
        Assert.Equal(2000 - lasting.Count, _rig.Losses.Sum(loss => loss.Count));
        Assert.All(_rig.Losses, loss => Assert.Equal(MqttQueueLossCause.Expired, loss.Cause));
    }

    [Theory]
    [InlineData(1024, 1, "BytesMax is 1024; it must lie in 262144..1099511627776.")]
    [InlineData(MqttQueueOptions.BytesLeast, 0, "MessagesMax is 0; it must lie in 1..10000000.")]
    public async Task An_option_out_of_range_is_named_with_its_range(long bytes, int messages, string says)
    {
        var options = new MqttQueueOptions { Folder = "nowhere", BytesMax = bytes, MessagesMax = messages };
        var refused = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => Pilotage.Sdk.Outbound.OutboundQueue.OpenAsync(options, "a", _rig.Time, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, null));
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists("nowhere"));
    }
}
