using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>Session state and delivery, over connections and restarts of the server.</summary>
public sealed class Chapter4SessionTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [OwnTheory]
    [Clause("MQTT-3.1.2-23", "MQTT-4.5.0-1", "3.1.1 MQTT-3.1.2-5", "3.1.1 MQTT-4.1.0-1", "3.1.1 MQTT-4.5.0-1")]
    [InlineData(MqttVersion.V5, false)]
    [InlineData(MqttVersion.V5, true)]
    [InlineData(MqttVersion.V311, true)]
    public async Task A_lasting_session_gets_what_it_missed_even_across_a_restart(MqttVersion version, bool restart)
    {
        var (leaving, _) = await RawClient.ConnectAsync(_broker.Port, "c", version, p => Lasting(p, version));
        await leaving.SubscribeAsync(new SubscribeFilter("a", 1));
        leaving.Dispose();
        var (publisher, _) = await RawClient.ConnectAsync(_broker.Port, "p", version);
        await publisher.PublishAsync("a", "missed", 1, 1);
        await publisher.PubAckAsync();
        publisher.Dispose();
        if (restart)
        {
            await _broker.RestartAsync();
        }

        var (back, answer) = await RawClient.ConnectAsync(_broker.Port, "c", version, p => Lasting(p, version));
        Assert.True(answer.SessionPresent);
        Assert.Equal("missed", (await back.MessageAsync()).Text);
        back.Dispose();
    }

    [Theory]
    [Clause("MQTT-4.4.0-1", "MQTT-3.3.1-1", "MQTT-4.3.2-3", "3.1.1 MQTT-4.4.0-1", "3.1.1 MQTT-3.3.1-1",
        "3.1.1 MQTT-4.3.2-1")]
    [InEachVersion]
    public async Task An_unacknowledged_message_comes_again_with_dup_and_its_identifier(MqttVersion version)
    {
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "c", version, p => Lasting(p, version));
        await client.SubscribeAsync(new SubscribeFilter("a", 1));
        await client.PublishAsync("a", "x", 1, 1);
        var first = await FirstMessageAsync(client);
        Assert.False(first.Duplicate);
        client.Dispose();

        var (back, _) = await RawClient.ConnectAsync(_broker.Port, "c", version, p => Lasting(p, version));
        var again = await back.MessageAsync();
        Assert.Equal((true, first.PacketId), (again.Duplicate, again.PacketId));
        back.Dispose();
    }

    [Fact]
    [Clause("3.14.2.2.2")]
    public async Task A_session_that_ends_with_its_connection_is_gone_and_cannot_be_revived_by_disconnect()
    {
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "c");
        await client.SendAsync(t => MqttEncoder.Disconnect(
            t, MqttVersion.V5, MqttPacketType.Disconnect, new(MqttReason.Success, new() { SessionExpiry = 60 }), 100));
        await client.ExpectDisconnectAsync(MqttReason.ProtocolError);

        var (_, answer) = await RawClient.ConnectAsync(_broker.Port, "c", change: p => p with { CleanStart = false });
        Assert.False(answer.SessionPresent);
    }

    [OwnFact]
    public async Task A_right_that_was_taken_away_ends_the_subscription_of_a_resumed_session()
    {
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "c", change: p => Lasting(p, MqttVersion.V5));
        await client.SubscribeAsync(new SubscribeFilter("secret/x", 1), new("a", 1));
        client.Dispose();
        _broker.Hooks.Forbidden = "secret/";

        var (back, answer) = await RawClient.ConnectAsync(_broker.Port, "c", change: p => Lasting(p, MqttVersion.V5));
        Assert.True(answer.SessionPresent);
        await _broker.Broker.PublishAsync(new("acme"), new() { Topic = "secret/x", Qos = 1 }, default);
        await _broker.Broker.PublishAsync(new("acme"), new() { Topic = "a", Qos = 1 }, default);
        Assert.Equal("a", (await back.MessageAsync()).Message.Topic);
        back.Dispose();
    }

    [Theory]
    [Clause("MQTT-4.6.0-5", "MQTT-4.6.0-6", "3.1.1 MQTT-4.6.0-5", "3.1.1 MQTT-4.6.0-6", "3.1.1 MQTT-7.0.0-2")]
    [InEachVersion((byte)0)]
    [InEachVersion((byte)1)]
    [InEachVersion((byte)2)]
    public async Task Messages_of_a_topic_arrive_in_the_order_they_were_sent(MqttVersion version, byte qos)
    {
        const int Messages = 60;
        using var client = await _broker.ConnectAsync("c", version);
        await client.SubscribeAsync(new SubscribeFilter("a", qos));
        using var publisher = await _broker.ConnectAsync("p", version);
        for (ushort i = 1; i <= Messages; i++)
        {
            await publisher.PublishAsync("a", $"{i}", qos, i);
            await publisher.SettleAsync(qos, i);
        }

        var got = await client.TakeAsync(Messages);
        Assert.Equal(Enumerable.Range(1, Messages).Select(i => $"{i}"), got.Select(g => g.Text));
        Assert.All(got, g => Assert.Equal(qos, g.Message.Qos));
    }

    [OwnFact]
    [Clause("MQTT-4.13.2-1")]
    public async Task A_stopping_server_says_so()
    {
        await using var broker = await TestBroker.StartAsync();
        var (client, _) = await RawClient.ConnectAsync(broker.Port, "c");
        var stopping = broker.RestartAsync();
        await client.ExpectDisconnectAsync(MqttReason.ServerShuttingDown);
        await stopping;
        client.Dispose();
    }

    private static ConnectPacket Lasting(ConnectPacket packet, MqttVersion version) => packet with
    {
        CleanStart = false,
        Properties = version == MqttVersion.V5 ? new() { SessionExpiry = 100 } : null,
    };

    /// <summary>The client's own PUBACK may come before or after the message.</summary>
    private static async Task<RawClient.Got> FirstMessageAsync(RawClient client)
    {
        var first = await client.MessageAsync();
        await client.PubAckAsync();
        return first;
    }
}
