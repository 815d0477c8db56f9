using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>More is retained than a session's queue holds: it comes as fast as the client takes it, and the client is heard meanwhile.</summary>
public sealed class ReplayTests
{
    private const int Retained = 60;

    [OwnFact]
    public async Task What_is_retained_comes_whole_though_it_is_more_than_the_queue_holds()
    {
        await using var broker = await StartAsync();
        using var reader = await SocketPeer.ConnectAsync(broker.Port, "reader");
        await reader.SendSubscribeAsync("r/#", qos: 1);
        await reader.ExpectAsync(MqttPacketType.SubAck);
        var topics = new HashSet<string>();
        while (topics.Count < Retained)
        {
            await reader.ExpectAsync(MqttPacketType.Publish);
            var (topic, packetId, _) = reader.Message();
            Assert.True(topics.Add(topic), $"{topic} came twice");
            await reader.AcknowledgeAsync(packetId);
        }
    }

    [OwnFact]
    public async Task A_client_that_acknowledges_nothing_is_answered_all_the_same_and_may_unsubscribe()
    {
        await using var broker = await StartAsync();
        using var reader = await SocketPeer.ConnectAsync(broker.Port, "reader");
        await reader.SendSubscribeAsync("r/#", qos: 1);
        await reader.ExpectAsync(MqttPacketType.SubAck);
        await reader.ExpectAsync(MqttPacketType.Publish);
        await reader.ExpectAsync(MqttPacketType.Publish);
        await reader.PingAsync();
        await reader.SendAsync(target => MqttEncoder.Unsubscribe(target, MqttVersion.V5, new(9, ["r/#"], null), int.MaxValue));
        await reader.ExpectAsync(MqttPacketType.UnsubAck);
    }

    [OwnFact]
    public async Task What_has_changed_meanwhile_does_not_come_in_its_old_state_after_the_new_one()
    {
        await using var broker = await StartAsync();
        using var reader = await SocketPeer.ConnectAsync(broker.Port, "reader");
        await reader.SendSubscribeAsync("r/#", qos: 1);
        await reader.ExpectAsync(MqttPacketType.SubAck);
        using (var publisher = await SocketPeer.ConnectAsync(broker.Port, "publisher"))
        {
            await publisher.PublishAsync($"r/{Retained - 1}", "new"u8.ToArray(), retain: true);
        }

        var last = "";
        for (var i = 0; i < Retained; i++)
        {
            await reader.ExpectAsync(MqttPacketType.Publish);
            var (topic, packetId, payload) = reader.Message();
            last = topic == $"r/{Retained - 1}" ? global::System.Text.Encoding.UTF8.GetString(payload.Span) : last;
            await reader.AcknowledgeAsync(packetId);
        }

        Assert.Equal("new", last);
        await reader.PingAsync();
    }

    private static async Task<TestBroker> StartAsync()
    {
        var broker = await TestBroker.StartAsync(new BrokerOptions { QueuedMessagesMax = 10, InflightMax = 2 });
        using var publisher = await SocketPeer.ConnectAsync(broker.Port, "publisher");
        for (var i = 0; i < Retained; i++)
        {
            await publisher.PublishAsync($"r/{i}", "old"u8.ToArray(), retain: true);
        }

        return broker;
    }
}
