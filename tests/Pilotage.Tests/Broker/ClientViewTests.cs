using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Tests.Broker;

public sealed class ClientViewTests
{
    [Fact]
    public async Task What_waits_is_weighed_and_the_last_end_is_kept_until_the_broker_starts_again()
    {
        var rig = new ExchangeRig();
        var link = new FakeLink();
        var session = (await rig.AttachAsync("c", link)).Session;
        await rig.SubscribeAsync(session, "a");
        Assert.NotNull(Assert.Single(rig.Exchange.Clients()).Connection);
        Assert.Null(Assert.Single(rig.Exchange.Clients()).LastEnd);

        link.End(MqttReason.KeepAliveTimeout, "nothing heard");
        rig.Exchange.Detach(session, link, keepsWill: false, null);
        await rig.PublishAsync("a", "123");

        var gone = Assert.Single(rig.Exchange.Clients());
        Assert.Null(gone.Connection);
        Assert.Equal((1, 4L), (gone.Queued, gone.QueuedBytes));
        Assert.Equal((MqttReason.KeepAliveTimeout, "nothing heard"), (gone.LastEnd!.Reason, gone.LastEnd.Why));
        Assert.Equal((rig.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100, gone.LastEnd.AtNs);

        await rig.RestartAsync();
        Assert.Null(Assert.Single(rig.Exchange.Clients()).LastEnd);
    }

    [Fact]
    public async Task A_session_that_was_taken_over_says_so_beside_its_new_connection()
    {
        var rig = new ExchangeRig();
        await rig.AttachAsync("c", new FakeLink());
        await rig.AttachAsync("c", new FakeLink());

        var client = Assert.Single(rig.Exchange.Clients());
        Assert.True(client.Connected);
        Assert.Equal(MqttReason.SessionTakenOver, client.LastEnd!.Reason);
    }

    [Fact]
    public async Task A_trace_begins_on_the_connections_it_concerns_and_on_no_others()
    {
        var rig = new ExchangeRig();
        var (one, two) = (new FakeLink(), new FakeLink());
        await rig.AttachAsync("one", one);
        await rig.AttachAsync("two", two);
        using var trace = new ClientTrace(who => who.ClientId == "one", TimeSpan.FromMinutes(1), _ => { }, rig.Time);

        rig.Exchange.Trace(trace);

        Assert.Same(trace, one.Traced);
        Assert.Null(two.Traced);
    }
}
