using Pilotage.Broker;
using Pilotage.Broker.Sessions;
using Pilotage.Core;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Tests.Broker;

public sealed class SessionTests
{
    [Fact]
    public async Task A_session_whose_time_is_up_is_not_gone_on_with_even_before_the_sweep()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link, expiry: 10)).Session;
        rig.Exchange.Detach(session, link, keepsWill: false, null);
        rig.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.False((await rig.AttachAsync("c", new FakeLink(), expiry: 10)).Present);
    }

    [Fact]
    public async Task Offline_messages_wait_and_come_in_order()
    {
        var rig = new ExchangeRig();
        await LeaveSubscribedAsync(rig, "a/#");
        for (var i = 0; i < 5; i++)
        {
            await rig.PublishAsync("a/b", $"{i}");
        }

        var link = new FakeLink();
        var back = await rig.AttachAsync("c", link);
        rig.Exchange.Pump(back.Session, link);

        Assert.True(back.Present);
        Assert.Equal(["0", "1", "2", "3", "4"], link.Texts);
    }

    [Fact]
    public async Task The_window_bounds_what_is_in_flight_and_acks_open_it()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink(window: 2);
        var session = (await rig.AttachAsync("c", link)).Session;
        await rig.SubscribeAsync(session, "a");
        for (var i = 0; i < 4; i++)
        {
            await rig.PublishAsync("a", $"{i}");
        }

        Assert.Equal(["0", "1"], link.Texts);
        Assert.Equal(AckOutcome.Done, rig.Exchange.Acknowledge(session, link, link.Got[0].PacketId));
        Assert.Equal(["0", "1", "2"], link.Texts);
        Assert.Equal(AckOutcome.Unknown, rig.Exchange.Acknowledge(session, link, 999));
        Assert.Equal(3, link.Got.Select(d => d.PacketId).Distinct().Count());
    }

    [Fact]
    public async Task What_was_not_acknowledged_comes_again_marked_under_its_old_identifier()
    {
        var rig = new ExchangeRig();
        var first = new FakeLink();
        var session = (await rig.AttachAsync("c", first)).Session;
        await rig.SubscribeAsync(session, "a");
        await rig.PublishAsync("a", "x");
        var id = first.Got[0].PacketId;
        rig.Exchange.Detach(session, first, keepsWill: false, null);

        var second = new FakeLink();
        await rig.AttachAsync("c", second);
        rig.Exchange.Pump(session, second);

        var again = Assert.Single(second.Got);
        Assert.True(again.Duplicate);
        Assert.Equal(id, again.PacketId);
    }

    [Fact]
    public async Task A_takeover_ends_the_old_connection_and_keeps_the_session()
    {
        var rig = new ExchangeRig();
        var old = new FakeLink();
        var session = (await rig.AttachAsync("c", old)).Session;
        await rig.SubscribeAsync(session, "a");

        var young = new FakeLink();
        Assert.True((await rig.AttachAsync("c", young)).Present);
        rig.Exchange.Detach(session, old, keepsWill: true, null);
        await rig.PublishAsync("a", "x");

        Assert.Equal(MqttReason.SessionTakenOver, old.EndedWith);
        Assert.Empty(old.Got);
        Assert.Single(young.Got);
    }

    [Fact]
    public async Task Clean_start_forgets_everything()
    {
        var rig = new ExchangeRig();
        await LeaveSubscribedAsync(rig, "a");
        await rig.PublishAsync("a", "x");

        var link = new FakeLink();
        var back = await rig.AttachAsync("c", link, clean: true);
        await rig.PublishAsync("a", "y");
        rig.Exchange.Pump(back.Session, link);

        Assert.False(back.Present);
        Assert.Empty(link.Got);
    }

    [Fact]
    public async Task A_session_ends_when_its_expiry_has_passed_and_not_before()
    {
        var rig = new ExchangeRig();
        await LeaveSubscribedAsync(rig, "a", expiry: 60);
        rig.Time.Advance(TimeSpan.FromSeconds(59));
        rig.Exchange.Sweep();
        Assert.Single(rig.Exchange.Clients());

        rig.Time.Advance(TimeSpan.FromSeconds(1));
        rig.Exchange.Sweep();
        Assert.Empty(rig.Exchange.Clients());
        Assert.False((await rig.AttachAsync("c", new())).Present);
    }

    [Fact]
    public async Task A_delayed_will_is_spared_when_the_client_comes_back_in_time()
    {
        var rig = new ExchangeRig();
        var will = new WillMessage(new() { Topic = "a/_state" }, 10);
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link, will: will)).Session;
        rig.Exchange.Detach(session, link, keepsWill: true, null);
        rig.Time.Advance(TimeSpan.FromSeconds(9));
        rig.Exchange.Sweep();
        Assert.Empty(rig.Exchange.TakeDueWills());

        link = new FakeLink();
        await rig.AttachAsync("c", link, will: will);
        rig.Time.Advance(TimeSpan.FromSeconds(9));
        rig.Exchange.Sweep();
        Assert.Empty(rig.Exchange.TakeDueWills());

        rig.Exchange.Detach(session, link, keepsWill: true, null);
        rig.Time.Advance(TimeSpan.FromSeconds(10));
        rig.Exchange.Sweep();
        Assert.Equal("a/_state", Assert.Single(rig.Exchange.TakeDueWills()).Message.Topic);
    }

    [Fact]
    public async Task A_full_queue_loses_its_oldest_and_counts_it_even_across_a_restart()
    {
        var rig = new ExchangeRig(new() { QueuedMessagesMax = 3 });
        await LeaveSubscribedAsync(rig, "a");
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(MqttReason.Success, await rig.PublishAsync("a", $"{i}"));
        }

        await rig.RestartAsync();
        Assert.Equal(2, Assert.Single(rig.Exchange.Clients()).Dropped);
        var link = new FakeLink();
        rig.Exchange.Pump((await rig.AttachAsync("c", link)).Session, link);
        Assert.Equal(["2", "3", "4"], link.Texts);
    }

    [Fact]
    public async Task A_queue_that_refuses_stops_the_publisher_before_anything_is_stored()
    {
        var rig = new ExchangeRig(new() { QueuedMessagesMax = 2 });
        var link = new FakeLink();
        var session = (await rig.AttachAsync("edge", link, overflow: QueueOverflow.Refuse)).Session;
        await rig.SubscribeAsync(session, "a");
        rig.Exchange.Detach(session, link, keepsWill: false, null);
        var other = new FakeLink();
        await rig.SubscribeAsync((await rig.AttachAsync("other", other)).Session, "a");

        Assert.Equal(MqttReason.Success, await rig.PublishAsync("a", "0"));
        Assert.Equal(MqttReason.Success, await rig.PublishAsync("a", "1"));
        Assert.Equal(MqttReason.QuotaExceeded, await rig.PublishAsync("a", "2"));
        Assert.Equal(["0", "1"], other.Texts);
    }

    [Fact]
    public async Task When_memory_is_out_queues_of_those_away_do_not_grow_and_those_who_listen_hear()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink();
        var edge = (await rig.AttachAsync("edge", link, overflow: QueueOverflow.Refuse)).Session;
        await rig.SubscribeAsync(edge, "edge");
        rig.Exchange.Detach(edge, link, keepsWill: false, null);
        await LeaveSubscribedAsync(rig, "a");
        var there = new FakeLink();
        await rig.SubscribeAsync((await rig.AttachAsync("there", there)).Session, "a");
        await rig.PublishAsync("a", "0");
        await rig.PublishAsync("edge", "0");

        rig.Exchange.IsTight = true;
        Assert.Equal(MqttReason.QuotaExceeded, await rig.PublishAsync("edge", "1"));
        Assert.Equal(MqttReason.Success, await rig.PublishAsync("a", "1"));
        Assert.Equal(MqttReason.Success, await rig.PublishAsync("a", "2"));
        Assert.Equal(["0", "1", "2"], there.Texts);

        rig.Exchange.IsTight = false;
        Assert.Equal(MqttReason.Success, await rig.PublishAsync("edge", "1"));
        var away = rig.Exchange.Clients().Single(client => client.Identity.ClientId == "c");
        Assert.Equal((1, 2L), (away.Queued, away.Dropped));
    }

    [Fact]
    public async Task What_waits_in_all_sessions_of_a_tenant_is_bounded_and_other_tenants_have_their_own_room()
    {
        // Each message weighs its payload and its topic.
        var payload = new string('x', 99);
        var rig = new ExchangeRig(new() { QueuedTenantBytesMax = 1024 });
        foreach (var client in new[] { "one", "two" })
        {
            var link = new FakeLink();
            var session = (await rig.AttachAsync(client, link)).Session;
            await rig.SubscribeAsync(session, "a");
            rig.Exchange.Detach(session, link, keepsWill: false, null);
        }

        for (var i = 0; i < 8; i++)
        {
            Assert.Equal(MqttReason.Success, await rig.PublishAsync("a", payload));
        }

        var clients = rig.Exchange.Clients();
        Assert.Equal(10, clients.Sum(client => client.Queued));
        Assert.Equal(6, clients.Sum(client => client.Dropped));

        var globex = new TenantId("globex");
        var other = new FakeLink();
        var theirs = (await rig.AttachAsync("three", other, tenant: globex)).Session;
        await rig.SubscribeAsync(theirs, "a");
        rig.Exchange.Detach(theirs, other, keepsWill: false, null);
        await rig.PublishAsync("a", payload, tenant: globex);
        Assert.Equal(1, rig.Exchange.Clients().Single(client => client.Identity.Tenant == globex).Queued);

        // What a session leaves makes room for the others, also after a restart.
        await rig.RestartAsync();
        await rig.AttachAsync("one", new FakeLink(), clean: true);
        var before = rig.Exchange.Clients().Single(client => client.Identity.ClientId == "two").Queued;
        await rig.PublishAsync("a", payload);
        Assert.Equal(before + 1, rig.Exchange.Clients().Single(client => client.Identity.ClientId == "two").Queued);
    }

    [Fact]
    public async Task Overlapping_subscriptions_bring_one_copy_at_the_highest_qos()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link)).Session;
        await rig.SubscribeAsync(session, "a/#", qos: 0);
        await rig.SubscribeAsync(session, "a/+", qos: 1);
        await rig.PublishAsync("a/b", "x");

        Assert.Equal(1, Assert.Single(link.Got).Qos);
    }

    [Fact]
    public async Task A_tenant_hears_nothing_of_another()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink();
        await rig.SubscribeAsync((await rig.AttachAsync("c", link)).Session, "#");
        await rig.PublishAsync("acme/a", "x", retain: true, tenant: new TenantId("other"));

        Assert.Empty(link.Got);
        var session = (await rig.AttachAsync("d", new())).Session;
        Assert.Empty(rig.Exchange.RetainedFor(session, "#"));
    }

    [Fact]
    public async Task A_slow_reader_loses_qos_0_and_keeps_qos_1()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink { Blocked = true };
        var session = (await rig.AttachAsync("c", link)).Session;
        await rig.SubscribeAsync(session, "a");
        await rig.PublishAsync("a", "lost", qos: 0);
        await rig.PublishAsync("a", "kept", qos: 1);
        link.Blocked = false;
        rig.Exchange.Pump(session, link);

        Assert.Equal(["kept"], link.Texts);
    }

    [Fact]
    public async Task An_expired_message_is_not_delivered()
    {
        var rig = new ExchangeRig();
        await LeaveSubscribedAsync(rig, "a");
        await rig.PublishAsync("a", "short", expiry: 5);
        await rig.PublishAsync("a", "long", expiry: 50);
        rig.Time.Advance(TimeSpan.FromSeconds(6));

        var link = new FakeLink();
        rig.Exchange.Pump((await rig.AttachAsync("c", link)).Session, link);
        Assert.Equal(["long"], link.Texts);
        Assert.Equal(44u, link.Got[0].Stored.ExpiryLeft(rig.Exchange.AgeNs));
    }

    [Fact]
    public async Task A_cut_client_loses_its_session_with_its_connection()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink();
        await rig.SubscribeAsync((await rig.AttachAsync("c", link)).Session, "a");
        await rig.Exchange.Cut(ExchangeRig.Acme, "c", MqttReason.AdministrativeAction);

        Assert.Equal(MqttReason.AdministrativeAction, link.EndedWith);
        Assert.Empty(rig.Exchange.Clients());
        await rig.RestartAsync();
        Assert.Empty(rig.Exchange.Clients());
    }

    internal static async Task LeaveSubscribedAsync(ExchangeRig rig, string filter, uint expiry = 3600)
    {
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link, expiry)).Session;
        await rig.SubscribeAsync(session, filter);
        rig.Exchange.Detach(session, link, keepsWill: false, null);
    }
}
