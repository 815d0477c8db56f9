using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;
using Xunit;
using static Pilotage.Protocols.Mqtt.MqttPacketType;

namespace Pilotage.Conformance.Mqtt;

/// <summary>A listener may acknowledge from memory; what is refused at once is refused all the same.</summary>
public sealed class AckPolicyTests
{
    [OwnTheory]
    [InlineData(AckPolicy.Memory, true)]
    [InlineData(AckPolicy.Durable, false)]
    public async Task An_ack_waits_for_the_disk_unless_the_listener_says_otherwise(AckPolicy acks, bool comes)
    {
        var stored = new TaskCompletionSource<PublishDecision>();
        var hooks = new OpenHooks { OnReceive = (_, _) => new(stored.Task) };
        await using var broker = await TestBroker.StartAsync(
            new BrokerOptions { Listeners = [TestBroker.Plain with { Acks = acks }] }, hooks);
        var (client, _) = await RawClient.ConnectAsync(broker.Port, "c");
        await client.PublishAsync("a", "x", 1, 1);
        await client.PublishAsync("a", "x", 2, 2);
        await client.PublishAsync("forbidden/x", "x", 1, 3);
        if (!comes)
        {
            await client.ExpectSilenceAsync();
            stored.SetResult(PublishDecision.Accepted);
        }

        Assert.Equal((1, MqttReason.Success), Parts(await client.PubAckAsync()));
        Assert.Equal((2, MqttReason.Success), Parts(await client.AckAsync(PubRec)));
        Assert.Equal((3, MqttReason.NotAuthorized), Parts(await client.PubAckAsync()));
        await client.AckAsync(PubRel, 2);
        Assert.Equal((2, MqttReason.Success), Parts(await client.AckAsync(PubComp)));
        stored.TrySetResult(PublishDecision.Accepted);
        client.Dispose();
    }

    [OwnFact]
    public async Task A_refused_publisher_is_told_why_in_the_words_of_the_host()
    {
        var hooks = new OpenHooks { WhyForbidden = "nothing maps it" };
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { Listeners = [TestBroker.Plain] }, hooks);
        var (client, _) = await RawClient.ConnectAsync(broker.Port, "c");
        await client.PublishAsync("forbidden/x", "x", 1, 3);
        var refused = await client.PubAckAsync();
        Assert.Equal((MqttReason.NotAuthorized, "nothing maps it"), (refused.Reason, refused.Properties?.ReasonString));

        // Without one of the host's, the broker has its own.
        hooks.WhyForbidden = null;
        await client.PublishAsync("forbidden/x", "x", 1, 4);
        Assert.Equal("this client may not publish to forbidden/x, or not ask for answers there", (await client.PubAckAsync()).Properties?.ReasonString);
        client.Dispose();
    }

    [OwnFact]
    public async Task Both_halves_of_qos_2_work_from_memory_for_a_lasting_session()
    {
        await using var broker = await TestBroker.StartAsync(
            new BrokerOptions { Listeners = [TestBroker.Plain with { Acks = AckPolicy.Memory }] });
        var (client, _) = await RawClient.ConnectAsync(
            broker.Port, "c", change: p => p with { Properties = new() { SessionExpiry = 60 } });
        await client.SubscribeAsync(new SubscribeFilter("a", 2));
        await broker.Broker.PublishAsync(new("acme"), new() { Topic = "a", Qos = 2 }, default);
        var got = await client.MessageAsync();
        await client.AckAsync(PubRec, got.PacketId);
        await client.AckAsync(PubRel);
        await client.AckAsync(PubComp, got.PacketId);
        await client.ExpectSilenceAsync();
        client.Dispose();
    }

    private static (ushort, MqttReason) Parts(AckPacket ack) => (ack.PacketId, ack.Reason);
}
