using Pilotage.Broker.Sessions;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Tests.Broker;

/// <summary>Packet identifiers over restarts: what was under way keeps its own, and what is complete stays known as such.</summary>
public sealed class IdentifierTests
{
    [Fact]
    public async Task A_qos_1_message_comes_again_under_its_identifier_after_a_power_cut()
    {
        var rig = new ExchangeRig();
        var (session, link) = await ReaderAsync(rig);
        await rig.PublishAsync("a", "acknowledged");
        await rig.PublishAsync("a", "sent");
        rig.Exchange.Acknowledge(session, link, link.Got[0].PacketId);
        await rig.PublishAsync("a", "sent too");
        rig.PowerCut();

        var (_, again) = await BackAsync(rig);
        Assert.Equal(["sent", "sent too"], again.Texts);
        Assert.Equal(link.Got.Skip(1).Select(got => got.PacketId), again.Got.Select(got => got.PacketId));
        Assert.All(again.Got, got => Assert.True(got.Duplicate));

        // And once more, from a log that has only been read.
        rig.PowerCut();
        var (_, third) = await BackAsync(rig);
        Assert.Equal(again.Got.Select(got => (got.PacketId, got.Duplicate)), third.Got.Select(got => (got.PacketId, got.Duplicate)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task New_identifiers_go_on_where_those_before_the_restart_ended(bool isRewritten)
    {
        var rig = new ExchangeRig(new() { CompactAfterBytes = 64 * 1024 });
        var (session, link) = await ReaderAsync(rig);
        for (var i = 0; i < 5; i++)
        {
            await rig.PublishAsync("a", $"{i}");
            rig.Exchange.Acknowledge(session, link, link.Got[i].PacketId);
        }

        if (isRewritten)
        {
            await SessionLogTests.GrowAsync(rig);
            await rig.Exchange.CompactAsync();
        }

        await rig.RestartAsync();
        var (_, back) = await BackAsync(rig);
        await rig.PublishAsync("a", "next");
        Assert.Equal(link.Got[^1].PacketId + 1, back.Got.Single(got => got.Stored.Topic == "a").PacketId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_may_have_been_sent_without_the_log_knowing_is_marked_and_what_came_later_is_not(bool isRewritten)
    {
        var rig = new ExchangeRig(new() { CompactAfterBytes = 64 * 1024 });
        var (session, link) = await ReaderAsync(rig);
        link.Blocked = true;
        await rig.PublishAsync("a", "x");
        rig.Writer.Hold();
        link.Blocked = false;
        rig.Exchange.Pump(session, link);
        Assert.False(Assert.Single(link.Got).Duplicate);
        rig.PowerCut();

        await rig.PublishAsync("a", "while away");
        if (isRewritten)
        {
            await SessionLogTests.GrowAsync(rig);
            await rig.Exchange.CompactAsync();
        }

        rig.PowerCut();
        var (_, back) = await BackAsync(rig);
        Assert.Equal([("x", true), ("while away", false)], back.Texts.Take(2).Zip(back.Got.Select(got => got.Duplicate)));
    }

    [Fact]
    public async Task A_session_whose_client_does_not_come_back_ends_on_time_however_often_the_broker_dies()
    {
        var rig = new ExchangeRig();
        await ReaderAsync(rig);
        rig.PowerCut();
        rig.Time.Advance(TimeSpan.FromMinutes(40));
        await rig.PublishAsync("a", "x");
        rig.PowerCut();
        rig.Time.Advance(TimeSpan.FromMinutes(19));
        rig.Exchange.Sweep();
        Assert.True(rig.Exchange.Has(ExchangeRig.Acme, "c"));
        rig.Time.Advance(TimeSpan.FromMinutes(1));
        rig.Exchange.Sweep();
        Assert.False(rig.Exchange.Has(ExchangeRig.Acme, "c"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Identifiers_that_a_client_has_released_stay_known_as_such(bool isRewritten)
    {
        var rig = new ExchangeRig(new() { CompactAfterBytes = 64 * 1024, ReceiveMaximum = 3 });
        var session = (await rig.AttachAsync("c", new())).Session;
        for (ushort id = 1; id <= 4; id++)
        {
            await rig.PublishOnce(session, "a", "x", id).Stored;
            Assert.False(rig.Exchange.WasReleased(session, id));
            Assert.True(rig.Exchange.TryRelease(session, id, out var stored));
            await stored;
            Assert.True(rig.Exchange.Forget(session, id));
            Assert.False(rig.Exchange.Forget(session, id));
        }

        AssertKnown(session);
        if (isRewritten)
        {
            await SessionLogTests.GrowAsync(rig);
            await rig.Exchange.CompactAsync();
        }

        rig.PowerCut();
        AssertKnown((await rig.AttachAsync("c", new())).Session);
        return;

        // As many as a client may have under way, and not one more.
        void AssertKnown(Session of) => Assert.Equal(
            [false, true, true, true, false], new ushort[] { 1, 2, 3, 4, 5 }.Select(id => rig.Exchange.WasReleased(of, id)));
    }

    [Fact]
    public async Task An_acknowledgement_that_a_full_disk_did_not_take_is_made_good_by_the_next_use_of_its_identifier()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink(window: 1);
        var session = (await rig.AttachAsync("c", link)).Session;
        await rig.SubscribeAsync(session, "a");
        await rig.PublishAsync("a", "first");
        rig.Disk.CapacityBytes = 0;
        rig.Exchange.Acknowledge(session, link, link.Got[0].PacketId);
        rig.Disk.CapacityBytes = long.MaxValue;

        // All the way round to the same identifier.
        for (var i = 1; i <= ushort.MaxValue; i++)
        {
            await rig.PublishAsync("a", $"{i}");
            if (i < ushort.MaxValue)
            {
                rig.Exchange.Acknowledge(session, link, link.Got[i].PacketId);
            }
        }

        Assert.Equal(link.Got[0].PacketId, link.Got[^1].PacketId);
        rig.PowerCut();
        var (_, back) = await BackAsync(rig);
        Assert.Equal(link.Texts.Last(), Assert.Single(back.Texts));
    }

    private static async Task<(Session Session, FakeLink Link)> ReaderAsync(ExchangeRig rig)
    {
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link)).Session;
        await rig.SubscribeAsync(session, "a");
        return (session, link);
    }

    private static async Task<(Session Session, FakeLink Link)> BackAsync(ExchangeRig rig)
    {
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link)).Session;
        rig.Exchange.Pump(session, link);
        return (session, link);
    }
}
