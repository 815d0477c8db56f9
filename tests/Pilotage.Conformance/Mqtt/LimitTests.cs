using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>Every limit at the limit and one past it: it acts before the ack, with its reason.</summary>
[Collection(Alone.Name)]
public sealed class LimitTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync(new BrokerOptions
    {
        TopicBytesMax = 64,
        TopicLevelsMax = 4,
        SubscriptionsMax = 2,
        RetainedMessagesMax = 2,
        ClientIdBytesMax = 30,
        UserPropertiesMax = 3,
        OutboundPacketsMax = 64,
    });

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [OwnTheory]
    [Clause("MQTT-3.1.3-8", "3.1.1 MQTT-3.1.3-9")]
    [InEachVersion(30, MqttReason.Success)]
    [InEachVersion(31, MqttReason.ClientIdentifierNotValid)]
    public async Task Client_identifier(MqttVersion version, int length, MqttReason reason)
    {
        using var client = await _broker.OpenAsync(version);
        await client.SendAsync(t => MqttEncoder.Connect(t, new() { Version = version, ClientId = new string('c', length) }));
        Assert.Equal(reason, (await client.ConnAckAsync()).Reason);
        if (reason != MqttReason.Success)
        {
            await client.ExpectEndAsync();
        }
    }

    [OwnTheory]
    [InlineData("a/b/c/d", MqttReason.Success)]
    [InlineData("a/b/c/d/e", MqttReason.TopicNameInvalid)]
    public async Task Topic_levels(string topic, MqttReason reason)
    {
        using var client = await ConnectAsync();
        await client.PublishAsync(topic, "x", 1, 1);
        Assert.Equal(reason, (await client.PubAckAsync()).Reason);
        var filter = reason == MqttReason.Success ? MqttReason.Success : MqttReason.TopicFilterInvalid;
        Assert.Equal([filter], (await client.SubscribeAsync(new SubscribeFilter(topic, 0))).Reasons);
    }

    [OwnTheory]
    [InlineData(64, MqttReason.Success)]
    [InlineData(65, MqttReason.TopicNameInvalid)]
    public async Task Topic_bytes(int length, MqttReason reason)
    {
        using var client = await ConnectAsync();
        await client.PublishAsync(new string('t', length), "x", 1, 1);
        Assert.Equal(reason, (await client.PubAckAsync()).Reason);
    }

    [OwnFact]
    public async Task Subscriptions()
    {
        using var client = await ConnectAsync();
        var answer = await client.SubscribeAsync(new SubscribeFilter("a", 0), new("b", 0), new("c", 0), new("a", 1));
        Assert.Equal(
            [MqttReason.Success, MqttReason.Success, MqttReason.QuotaExceeded, MqttReason.GrantedQos1], answer.Reasons);
    }

    [OwnFact]
    public async Task Retained_messages()
    {
        using var client = await ConnectAsync();
        var reasons = new List<MqttReason>();
        foreach (var (topic, text) in ((string, string)[])[("a", "1"), ("b", "1"), ("c", "1"), ("a", "2"), ("b", ""), ("c", "1")])
        {
            await client.PublishAsync(topic, text, 1, 1, retain: true);
            reasons.Add((await client.PubAckAsync()).Reason);
        }

        Assert.Equal(
            [MqttReason.Success, MqttReason.Success, MqttReason.QuotaExceeded, MqttReason.Success, MqttReason.Success, MqttReason.Success],
            reasons);
    }

    [OwnTheory]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public async Task User_properties(int count, bool taken)
    {
        using var client = await ConnectAsync();
        await client.PublishAsync("a", "x", properties: new() { UserProperties = [.. Enumerable.Range(0, count).Select(i => ($"{i}", ""))] });
        if (taken)
        {
            await client.ExpectSilenceAsync();
        }
        else
        {
            await client.ExpectDisconnectAsync(MqttReason.ProtocolError);
        }
    }

    [OwnFact]
    public async Task A_reader_that_does_not_read_costs_the_others_nothing()
    {
        _broker.Hooks.Remembers = false;
        using var deaf = await ConnectAsync("deaf");
        await deaf.SubscribeAsync(new SubscribeFilter("flood", 0));
        using var reader = await ConnectAsync("reader");
        await reader.SubscribeAsync(new SubscribeFilter("flood", 1));
        using var publisher = await ConnectAsync("publisher");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var payload = new string('x', 60_000);
        for (ushort id = 1; id <= 1_000; id++)
        {
            await publisher.PublishAsync("flood", payload, 1, id);
            await publisher.PubAckAsync();
            var got = await reader.MessageAsync();
            await reader.SendAsync(t => MqttEncoder.Ack(t, MqttVersion.V5, MqttPacketType.PubAck, new(got.PacketId), 100));
        }

        // 60 MB passed by; the deaf one's queue holds 64 packets of it and the sockets' buffers a few more.
        var kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(kept < 24_000_000, $"{kept} bytes kept");
    }

    private async Task<RawClient> ConnectAsync(string clientId = "c") =>
        (await RawClient.ConnectAsync(_broker.Port, clientId)).Client;
}
