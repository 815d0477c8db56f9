using System.Text;
using Pilotage.Core.Durability;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Tests.Broker;

/// <summary>P1 for sessions: what was acknowledged is there after a power cut, with its subscription.</summary>
public sealed class SessionLogTests
{
    [Fact]
    public async Task Acknowledged_messages_subscriptions_and_retained_survive_a_power_cut()
    {
        var rig = new ExchangeRig();
        await SessionTests.LeaveSubscribedAsync(rig, "a/#");
        await rig.PublishAsync("a/1", "one");
        await rig.PublishAsync("a/2", "two", retain: true);
        rig.PowerCut();

        await rig.PublishAsync("a/3", "three");
        var link = new FakeLink();
        var back = await rig.AttachAsync("c", link);
        rig.Exchange.Pump(back.Session, link);

        Assert.True(back.Present);
        Assert.Equal(["one", "two", "three"], link.Texts);
        Assert.Equal("a/2", Assert.Single(rig.Exchange.RetainedFor(back.Session, "#")).Topic);
    }

    [Fact]
    public async Task What_the_client_acknowledged_does_not_come_again()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link)).Session;
        await rig.SubscribeAsync(session, "a");
        await rig.PublishAsync("a", "one");
        await rig.PublishAsync("a", "two");
        rig.Exchange.Acknowledge(session, link, link.Got[0].PacketId);
        await rig.RestartAsync();

        link = new FakeLink();
        rig.Exchange.Pump((await rig.AttachAsync("c", link)).Session, link);
        Assert.Equal(["two"], link.Texts);
    }

    [Fact]
    public async Task An_ended_session_an_ended_subscription_and_a_cleared_topic_stay_away()
    {
        var rig = new ExchangeRig();
        await SessionTests.LeaveSubscribedAsync(rig, "a");
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link)).Session;
        Assert.True(rig.Exchange.Unsubscribe(session, "a", out var stored));
        await stored;
        await rig.PublishAsync("r", "x", retain: true);
        await rig.PublishAsync("r", "", retain: true);
        await rig.AttachAsync("gone", new(), expiry: 60);
        await rig.AttachAsync("gone", new(), expiry: 0, clean: true);
        await rig.RestartAsync();

        var client = Assert.Single(rig.Exchange.Clients());
        Assert.Equal(("c", 0), (client.Identity.ClientId, client.Subscriptions));
        Assert.Empty(rig.Exchange.RetainedFor(session, "#"));
    }

    [Fact]
    public async Task The_log_stays_bounded_and_tells_the_same_after_it_was_rewritten()
    {
        var rig = new ExchangeRig(new() { CompactAfterBytes = 64 * 1024 });
        await SessionTests.LeaveSubscribedAsync(rig, "keep");
        await rig.PublishAsync("keep", "kept");
        await rig.PublishAsync("retained", "r", retain: true);
        var link = new FakeLink();
        var busy = (await rig.AttachAsync("busy", link)).Session;
        await rig.SubscribeAsync(busy, "flow");
        for (var i = 0; i < 5_000; i++)
        {
            await rig.PublishAsync("flow", new string('x', 100));
            rig.Exchange.Acknowledge(busy, link, link.Got[^1].PacketId);
            if (i % 100 == 0)
            {
                await rig.Exchange.CompactAsync();
            }
        }

        await rig.Exchange.CompactAsync();
        var bytes = rig.Disk.Root.List().Sum(name => rig.Disk.Peek("", name)!.Length);
        Assert.True(bytes < 256 * 1024, $"{bytes} bytes for five thousand passing messages");

        rig.PowerCut();
        link = new FakeLink();
        var back = await rig.AttachAsync("c", link);
        rig.Exchange.Pump(back.Session, link);
        Assert.Equal(["kept"], link.Texts);
        Assert.Single(rig.Exchange.RetainedFor(back.Session, "retained"));
        Assert.Equal(2, rig.Exchange.Clients().Count);
    }

    [Fact]
    public async Task A_power_cut_in_any_step_of_a_rewrite_loses_nothing()
    {
        for (var step = 0; step < 40; step++)
        {
            var rig = new ExchangeRig(new() { CompactAfterBytes = 64 * 1024 });
            await SessionTests.LeaveSubscribedAsync(rig, "a");
            for (var i = 0; i < 20; i++)
            {
                await rig.PublishAsync("a", $"{i}");
            }

            await GrowAsync(rig);
            rig.Disk.FailAt(step, step % 2 == 0 ? DiskOperation.Write : DiskOperation.Sync, StorageFault.Io);
            try
            {
                await rig.Exchange.CompactAsync();
            }
            catch (IOException)
            {
                // The rewrite met the fault; what counts is what comes back.
            }

            rig.PowerCut();
            var link = new FakeLink(window: 100);
            var back = await rig.AttachAsync("c", link);
            rig.Exchange.Pump(back.Session, link);
            Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}"), link.Texts);
        }
    }

    [Fact]
    public async Task A_full_disk_in_any_step_of_a_rewrite_costs_nothing_of_what_comes_after()
    {
        var refused = 0;
        for (var step = 1; step < 60; step++)
        {
            var rig = new ExchangeRig(new() { CompactAfterBytes = 64 * 1024 });
            await SessionTests.LeaveSubscribedAsync(rig, "a");
            for (var i = 0; i < 20; i++)
            {
                await rig.PublishAsync("a", $"{i}");
            }

            await rig.PublishAsync("r", "before", retain: true);
            await GrowAsync(rig);
            rig.Disk.FailAt(step, DiskOperation.Write, StorageFault.Full);
            try
            {
                await rig.Exchange.CompactAsync();
            }
            catch (CommitLogFullException)
            {
                refused++;
            }

            rig.Disk.FailAt(-1, DiskOperation.Write, StorageFault.Full);
            await rig.PublishAsync("a", "after");
            await rig.PublishAsync("r", "after", retain: true);
            rig.PowerCut();

            var link = new FakeLink(window: 100);
            var back = await rig.AttachAsync("c", link);
            rig.Exchange.Pump(back.Session, link);
            Assert.Equal([.. Enumerable.Range(0, 20).Select(i => $"{i}"), "after"], link.Texts);
            Assert.Equal("after", Encoding.UTF8.GetString(Assert.Single(rig.Exchange.RetainedFor(back.Session, "r")).Payload));
        }

        Assert.True(refused > 1, "neither the beginning nor the end of a rewrite was refused");
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(3600u)]
    public async Task A_will_outlives_the_process_and_is_due_when_its_client_does_not_come_back(uint expiry)
    {
        var rig = new ExchangeRig();
        await rig.AttachAsync("lost", new(), expiry, will: Will());
        await rig.AttachAsync("back", new(), expiry, will: Will());
        var left = new FakeLink();
        var session = (await rig.AttachAsync("left", left, expiry, will: Will())).Session;
        rig.Exchange.Detach(session, left, keepsWill: false, null);
        rig.PowerCut();

        rig.Time.Advance(TimeSpan.FromSeconds(29));
        rig.Exchange.Sweep();
        Assert.Equal(expiry > 0, (await rig.AttachAsync("back", new(), expiry, will: Will())).Present);
        Assert.Empty(rig.Exchange.TakeDueWills());

        rig.Time.Advance(TimeSpan.FromSeconds(1));
        rig.Exchange.Sweep();
        Assert.Equal("lost", Assert.Single(rig.Exchange.TakeDueWills()).Who.ClientId);
        Assert.Equal(expiry > 0 ? 3 : 1, rig.Exchange.Clients().Count);
        rig.PowerCut();
        rig.Time.Advance(TimeSpan.FromSeconds(30));
        rig.Exchange.Sweep();
        Assert.Equal("back", Assert.Single(rig.Exchange.TakeDueWills()).Who.ClientId);
    }

    [Fact]
    public async Task A_will_outlives_a_rewrite_of_the_log()
    {
        var rig = new ExchangeRig(new() { CompactAfterBytes = 64 * 1024 });
        await rig.AttachAsync("lost", new(), expiry: 0, will: Will());
        await GrowAsync(rig);
        await rig.Exchange.CompactAsync();
        rig.PowerCut();
        rig.Time.Advance(TimeSpan.FromSeconds(30));
        rig.Exchange.Sweep();
        Assert.Equal("lost", Assert.Single(rig.Exchange.TakeDueWills()).Who.ClientId);
    }

    [Theory]
    [InlineData("newer", "newest")]
    [InlineData("newer", "")]
    [InlineData("")]
    public async Task A_full_disk_that_refuses_retained_messages_leaves_the_one_that_was_acknowledged(params string[] refused)
    {
        var rig = new ExchangeRig();
        var session = (await rig.AttachAsync("c", new())).Session;
        await rig.PublishAsync("r", "acknowledged", retain: true);
        rig.Disk.CapacityBytes = 0;
        rig.Writer.Hold();
        var publishing = refused.Select(text => rig.PublishAsync("r", text, retain: true)).ToList();
        rig.Writer.Release();
        foreach (var one in publishing)
        {
            await Assert.ThrowsAnyAsync<IOException>(() => one);
        }

        Assert.Equal("acknowledged", System.Text.Encoding.UTF8.GetString(Assert.Single(rig.Exchange.RetainedFor(session, "r")).Payload));
        rig.Disk.CapacityBytes = long.MaxValue;
        await rig.PublishAsync("r", "", retain: true);
        Assert.Empty(rig.Exchange.RetainedFor(session, "r"));
    }

    [Fact]
    public async Task A_full_disk_refuses_the_ack_and_heals()
    {
        var rig = new ExchangeRig();
        await SessionTests.LeaveSubscribedAsync(rig, "a");
        rig.Disk.CapacityBytes = 0;
        await Assert.ThrowsAsync<CommitLogFullException>(() => rig.PublishAsync("a", "refused"));

        rig.Disk.CapacityBytes = long.MaxValue;
        await rig.PublishAsync("a", "taken");
        await rig.RestartAsync();
        var link = new FakeLink();
        rig.Exchange.Pump((await rig.AttachAsync("c", link)).Session, link);
        Assert.Equal(["taken"], link.Texts);
    }

    private static WillMessage Will() => new(new() { Topic = "a/_state", Payload = new byte[1] }, 0);

    internal static async Task GrowAsync(ExchangeRig rig)
    {
        var link = new FakeLink();
        var busy = (await rig.AttachAsync("busy", link)).Session;
        await rig.SubscribeAsync(busy, "flow");
        for (var i = 0; i < 150; i++)
        {
            await rig.PublishAsync("flow", new string('x', 1000));
            rig.Exchange.Acknowledge(busy, link, link.Got[^1].PacketId);
        }
    }
}
