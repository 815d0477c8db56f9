using Pilotage.Broker.Sessions;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Tests.Broker;

/// <summary>QoS 2 in both directions: nothing lost, nothing twice, over reconnections, restarts and power cuts.</summary>
public sealed class ExactlyOnceTests
{
    [Fact]
    public async Task A_message_sent_again_under_its_identifier_is_routed_once_until_it_is_released()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink();
        await rig.SubscribeAsync((await rig.AttachAsync("reader", link)).Session, "a");
        var publisher = (await rig.AttachAsync("publisher", new())).Session;

        await rig.PublishOnce(publisher, "a", "one", 7).Stored;
        rig.Exchange.Settle(publisher, 7, MqttReason.Success);
        Assert.Equal(IncomingState.Stored, rig.PublishOnce(publisher, "a", "one", 7).State);
        Assert.True(rig.Exchange.TryRelease(publisher, 7, out var released));
        await released;
        rig.Exchange.Forget(publisher, 7);
        Assert.False(rig.Exchange.TryRelease(publisher, 7, out _));
        await rig.PublishOnce(publisher, "a", "two", 7).Stored;

        Assert.Equal(["one", "two"], link.Texts);
    }

    [Fact]
    public async Task A_repeat_that_overtakes_the_disk_waits_for_the_first()
    {
        var rig = new ExchangeRig();
        var publisher = (await rig.AttachAsync("publisher", new())).Session;
        rig.PublishOnce(publisher, "a", "one", 7);
        var repeat = rig.PublishOnce(publisher, "a", "one", 7);

        Assert.Equal(IncomingState.Pending, repeat.State);
        Assert.False(repeat.Earlier!.IsCompleted);
        rig.Exchange.Settle(publisher, 7, MqttReason.QuotaExceeded);
        Assert.Equal(MqttReason.QuotaExceeded, await repeat.Earlier);
        Assert.False(rig.Exchange.IsUnreleased(publisher, 7));
    }

    [Fact]
    public async Task After_a_power_cut_a_repeat_reaches_the_host_again_and_no_session_twice()
    {
        var rig = new ExchangeRig();
        await SessionTests.LeaveSubscribedAsync(rig, "a");
        var publisher = (await rig.AttachAsync("publisher", new())).Session;
        await rig.PublishOnce(publisher, "a", "one", 7).Stored;
        await rig.PublishOnce(publisher, "a", "two", 8).Stored;
        Assert.True(rig.Exchange.TryRelease(publisher, 8, out var released));
        await released;
        rig.PowerCut();

        publisher = (await rig.AttachAsync("publisher", new())).Session;
        Assert.Equal(IncomingState.Restored, rig.PublishOnce(publisher, "a", "one", 7).State);
        Assert.Equal(IncomingState.None, rig.PublishOnce(publisher, "a", "three", 8).State);
        var link = new FakeLink();
        rig.Exchange.Pump((await rig.AttachAsync("c", link)).Session, link);
        Assert.Equal(["one", "two", "three"], link.Texts);
    }

    [Fact]
    public async Task A_delivery_to_a_lasting_session_waits_for_the_disk_and_to_a_passing_one_does_not()
    {
        var rig = new ExchangeRig();
        var (lasting, passing) = (new FakeLink(), new FakeLink());
        await rig.SubscribeAsync((await rig.AttachAsync("lasting", lasting)).Session, "a", 2);
        await rig.SubscribeAsync((await rig.AttachAsync("passing", passing, expiry: 0)).Session, "a", 2);
        rig.Writer.Hold();
        var publishing = rig.PublishAsync("a", "x", 2);

        Assert.Equal((0, 1), (lasting.Got.Count, passing.Got.Count));
        rig.Writer.Release();
        await publishing;
        await UntilAsync(() => lasting.Got.Count == 1);
    }

    [Fact]
    public async Task The_four_steps_of_a_delivery_each_outlive_a_power_cut()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link)).Session;
        await rig.SubscribeAsync(session, "a", 2);
        await rig.PublishAsync("a", "x", 2);
        var id = Assert.Single(link.Got).PacketId;
        rig.PowerCut();

        // Sent: comes again, marked, under the same identifier.
        (session, link) = await BackAsync(rig);
        Assert.Equal((true, id), (link.Got[0].Duplicate, link.Got[0].PacketId));
        Assert.Equal(AckOutcome.Done, rig.Exchange.Receive(session, link, id, refused: false));
        Assert.Equal([id], link.Released);
        rig.PowerCut();

        // Received: only PUBREL comes again, and the identifier is not used for anything else.
        (session, link) = await BackAsync(rig);
        Assert.Empty(link.Got);
        Assert.Equal([id], link.Released);
        await rig.PublishAsync("a", "y", 2);
        Assert.NotEqual(id, Assert.Single(link.Got).PacketId);
        rig.Exchange.Receive(session, link, link.Got[0].PacketId, refused: true);
        rig.Exchange.Complete(session, link, id);
        await rig.RestartAsync();

        // Completed and refused: nothing is left.
        (_, link) = await BackAsync(rig);
        Assert.Equal((0, 0), (link.Got.Count, link.Released.Count));
    }

    [Fact]
    public async Task Half_done_deliveries_and_unreleased_identifiers_outlive_a_rewrite_of_the_log()
    {
        var rig = new ExchangeRig(new() { CompactAfterBytes = 64 * 1024 });
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link)).Session;
        await rig.SubscribeAsync(session, "a", 2);
        await rig.PublishAsync("a", "received", 2);
        await rig.PublishAsync("a", "sent", 2);
        rig.Exchange.Receive(session, link, link.Got[0].PacketId, refused: false);
        await rig.PublishOnce(session, "b", "unreleased", 40_000).Stored;
        await SessionLogTests.GrowAsync(rig);
        await rig.Exchange.CompactAsync();
        rig.PowerCut();

        var (back, again) = await BackAsync(rig);
        Assert.Equal([link.Got[0].PacketId], again.Released);
        Assert.Equal((link.Got[1].PacketId, "sent"), (Assert.Single(again.Got).PacketId, again.Texts.Single()));
        Assert.Equal(IncomingState.Restored, rig.PublishOnce(back, "b", "unreleased", 40_000).State);
    }

    [Fact]
    public async Task An_identifier_that_is_released_while_the_log_is_rewritten_is_free_after_a_crash()
    {
        var rig = new ExchangeRig(new() { CompactAfterBytes = 64 * 1024 });
        var session = (await rig.AttachAsync("c", new())).Session;
        await rig.PublishOnce(session, "b", "first", 7).Stored;
        rig.Exchange.Settle(session, 7, MqttReason.Success);
        await SessionLogTests.GrowAsync(rig);

        // The release is on its way to the disk when the rewrite begins.
        rig.Writer.Hold();
        Assert.True(rig.Exchange.TryRelease(session, 7, out var released));
        var rewritten = rig.Exchange.CompactAsync().AsTask();
        rig.Writer.Release();
        await released;
        await rewritten;
        Assert.True(rig.Exchange.Forget(session, 7));
        rig.PowerCut();

        var (back, _) = await BackAsync(rig);
        Assert.Equal(IncomingState.None, rig.PublishOnce(back, "b", "second", 7).State);
    }

    [Fact]
    public async Task A_connection_that_has_gone_frees_no_identifier_of_a_later_message()
    {
        var rig = new ExchangeRig();
        var session = (await rig.AttachAsync("c", new())).Session;
        await rig.PublishOnce(session, "b", "first", 7).Stored;
        Assert.True(rig.Exchange.TryRelease(session, 7, out var earlier));
        Assert.True(rig.Exchange.TryRelease(session, 7, out var again));
        await earlier;
        await again;
        Assert.True(rig.Exchange.Forget(session, 7));
        await rig.PublishOnce(session, "b", "second", 7).Stored;

        Assert.False(rig.Exchange.Forget(session, 7));
        Assert.True(rig.Exchange.IsUnreleased(session, 7));
    }

    [Fact]
    public async Task A_full_disk_holds_a_delivery_back_until_there_is_room()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink();
        await rig.SubscribeAsync((await rig.AttachAsync("c", link)).Session, "a", 2);
        rig.Disk.CapacityBytes = 0;
        await Assert.ThrowsAsync<Pilotage.Core.Durability.CommitLogFullException>(() => rig.PublishAsync("a", "x", 2));
        Assert.Empty(link.Got);

        rig.Disk.CapacityBytes = long.MaxValue;
        await UntilAsync(() =>
        {
            rig.Exchange.Sweep();
            return link.Got.Count == 1;
        });
    }

    [Fact]
    public async Task Acks_of_the_wrong_kind_and_acks_for_nothing_are_told_apart()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link)).Session;
        await rig.SubscribeAsync(session, "a", 2);
        await rig.PublishAsync("a", "one", 1);
        await rig.PublishAsync("a", "two", 2);

        Assert.Equal(AckOutcome.WrongKind, rig.Exchange.Receive(session, link, link.Got[0].PacketId, false));
        Assert.Equal(AckOutcome.WrongKind, rig.Exchange.Acknowledge(session, link, link.Got[1].PacketId));
        Assert.Equal(AckOutcome.Unknown, rig.Exchange.Receive(session, link, 999, false));
    }

    [Fact]
    public async Task The_window_counts_deliveries_until_they_are_complete()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink(window: 1);
        var session = (await rig.AttachAsync("c", link)).Session;
        await rig.SubscribeAsync(session, "a", 2);
        await rig.PublishAsync("a", "one", 2);
        await rig.PublishAsync("a", "two", 2);
        var id = link.Got[0].PacketId;
        rig.Exchange.Receive(session, link, id, refused: false);
        Assert.Equal(["one"], link.Texts);
        rig.Exchange.Complete(session, link, id);
        Assert.Equal(["one", "two"], link.Texts);
    }

    [Theory]
    [InlineData(MqttVersion.V5, 2)]
    [InlineData(MqttVersion.V311, 3)]
    public async Task Unreleased_identifiers_are_bounded(MqttVersion version, int most)
    {
        var rig = new ExchangeRig(new() { ReceiveMaximum = 2, UnreleasedMax = 3 });
        var session = (await rig.AttachAsync("c", new())).Session;
        session.Version = version;
        for (ushort id = 1; id <= most; id++)
        {
            Assert.Equal(MqttReason.Success, rig.PublishOnce(session, "a", "x", id).Reason);
        }

        Assert.Equal(MqttReason.ReceiveMaximumExceeded, rig.PublishOnce(session, "a", "x", 60_000).Reason);
        Assert.Equal(MqttReason.Success, rig.PublishOnce(session, "a", "x", 1).Reason);
    }

    [Fact]
    public void Every_identifier_has_a_place_of_its_own()
    {
        var ids = new IncomingIds();
        var model = new SortedDictionary<ushort, IncomingState>();
        var random = new Random(3);
        for (var i = 0; i < 50_000; i++)
        {
            var (id, state) = ((ushort)random.Next(65_536), (IncomingState)random.Next(4));
            ids[id] = state;
            model.Remove(id);
            if (state != IncomingState.None)
            {
                model.Add(id, state);
            }
        }

        Assert.Equal(model.Count, ids.Count);
        Assert.Equal(model.Keys, ids.All());
        Assert.All(model, pair => Assert.Equal(pair.Value, ids[pair.Key]));
    }

    private static async Task<(Session Session, FakeLink Link)> BackAsync(ExchangeRig rig)
    {
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link)).Session;
        rig.Exchange.Pump(session, link);
        return (session, link);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
        while (!holds())
        {
            await Task.Yield();
            patience.Token.ThrowIfCancellationRequested();
        }
    }
}
