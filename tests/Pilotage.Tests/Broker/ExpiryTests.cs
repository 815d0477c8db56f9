using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Tests.Broker;

/// <summary>Lives of messages, sessions and wills: by the time that has passed, not by what the wall clock shows.</summary>
public sealed class ExpiryTests
{
    public static TheoryData<int> Jumps => [10 * 365, -10 * 365, 1, -1];

    [Theory]
    [MemberData(nameof(Jumps))]
    public async Task A_wall_clock_that_is_set_neither_ends_nor_lengthens_a_life(int days)
    {
        var rig = new ExchangeRig();
        await LeaveSubscribedAsync(rig, "a");
        await rig.PublishAsync("a", "short", expiry: 5);
        await rig.PublishAsync("a", "long", expiry: 50);
        rig.Time.Jump(rig.Time.GetUtcNow().AddDays(days));
        rig.Time.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(["long"], await ReadAsync(rig));
    }

    [Theory]
    [MemberData(nameof(Jumps))]
    public async Task Nor_does_one_that_was_set_before_a_restart(int days)
    {
        var rig = new ExchangeRig(new() { CompactAfterBytes = 100 });
        await LeaveSubscribedAsync(rig, "a");
        await rig.PublishAsync("a", "short", expiry: 60);
        await rig.PublishAsync("a", "long", expiry: 600);
        rig.Time.Jump(rig.Time.GetUtcNow().AddDays(days));
        rig.Exchange.Sweep();
        await rig.RestartAsync();
        await rig.Exchange.CompactAsync();
        await rig.RestartAsync();
        rig.Time.Advance(TimeSpan.FromSeconds(66));

        Assert.Equal(["long"], await ReadAsync(rig));
    }

    [Fact]
    public async Task A_full_disk_that_swallowed_the_note_of_a_jump_is_given_it_again()
    {
        var rig = new ExchangeRig();
        await LeaveSubscribedAsync(rig, "a");
        await rig.PublishAsync("a", "kept", expiry: 600);
        rig.Disk.CapacityBytes = 0;
        rig.Time.Jump(rig.Time.GetUtcNow().AddYears(10));
        rig.Exchange.Sweep();
        rig.Disk.CapacityBytes = long.MaxValue;
        rig.Exchange.Sweep();
        rig.Exchange.Sweep();
        await rig.RestartAsync();

        Assert.Equal(["kept"], await ReadAsync(rig));
    }

    [Fact]
    public async Task Time_while_the_broker_did_not_run_counts()
    {
        var rig = new ExchangeRig();
        await LeaveSubscribedAsync(rig, "a");
        await rig.PublishAsync("a", "short", expiry: 50);
        await rig.PublishAsync("a", "long", expiry: 500);
        rig.Time.Advance(TimeSpan.FromSeconds(60));
        await rig.RestartAsync();

        Assert.Equal(["long"], await ReadAsync(rig));
    }

    [Fact]
    public async Task A_session_ends_in_its_time_though_the_broker_dies_again_and_again()
    {
        var rig = new ExchangeRig();
        await rig.AttachAsync("c", new(), expiry: 60);
        for (var i = 0; i < 6; i++)
        {
            rig.PowerCut();
            rig.Time.Advance(TimeSpan.FromSeconds(11));
        }

        rig.Exchange.Sweep();
        Assert.Empty(rig.Exchange.Clients());
    }

    [Fact]
    public async Task The_delay_of_a_will_goes_on_over_a_restart()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink();
        var will = new WillMessage(new() { Topic = "w", Payload = "x"u8.ToArray(), Qos = 1 }, 100);
        var session = (await rig.AttachAsync("c", link, will: will)).Session;
        rig.Exchange.Detach(session, link, keepsWill: true, null);
        rig.Time.Advance(TimeSpan.FromSeconds(60));
        await rig.RestartAsync();
        rig.Time.Advance(TimeSpan.FromSeconds(39));
        rig.Exchange.Sweep();
        Assert.Empty(rig.Exchange.TakeDueWills());
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        rig.Exchange.Sweep();
        Assert.Single(rig.Exchange.TakeDueWills());
    }

    [Fact]
    public async Task What_has_expired_in_a_full_queue_makes_room_and_is_no_gap()
    {
        var rig = new ExchangeRig(new() { QueuedMessagesMax = 2 });
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link, overflow: QueueOverflow.Refuse)).Session;
        await rig.SubscribeAsync(session, "a");
        rig.Exchange.Detach(session, link, keepsWill: false, null);
        await rig.PublishAsync("a", "1", expiry: 5);
        await rig.PublishAsync("a", "2", expiry: 50);
        Assert.Equal(MqttReason.QuotaExceeded, await rig.PublishAsync("a", "3"));

        rig.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(MqttReason.Success, await rig.PublishAsync("a", "3"));
        Assert.Equal(["2", "3"], await ReadAsync(rig));
        Assert.Equal(0, session.Dropped);
    }

    [Fact]
    public async Task Retained_messages_that_have_expired_make_room_though_nobody_asks_for_them()
    {
        var rig = new ExchangeRig(new() { RetainedMessagesMax = 2 });
        await rig.PublishAsync("r/1", "x", retain: true, expiry: 5);
        await rig.PublishAsync("r/2", "x", retain: true);
        Assert.Equal(MqttReason.QuotaExceeded, await rig.PublishAsync("r/3", "x", retain: true));

        // Not looked for at once again: that would let a flood of refused messages search the store for each.
        rig.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(MqttReason.QuotaExceeded, await rig.PublishAsync("r/3", "x", retain: true));
        rig.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(MqttReason.Success, await rig.PublishAsync("r/3", "x", retain: true));
    }

    private static async Task LeaveSubscribedAsync(ExchangeRig rig, string filter)
    {
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link)).Session;
        await rig.SubscribeAsync(session, filter);
        rig.Exchange.Detach(session, link, keepsWill: false, null);
    }

    private static async Task<IEnumerable<string>> ReadAsync(ExchangeRig rig)
    {
        var link = new FakeLink();
        rig.Exchange.Pump((await rig.AttachAsync("c", link)).Session, link);
        return link.Texts;
    }
}
