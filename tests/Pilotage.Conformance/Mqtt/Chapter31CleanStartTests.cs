using Pilotage.Protocols.Mqtt;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>Clean Start, and how long a session lasts.</summary>
public sealed class Chapter31CleanStartTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [Clause("MQTT-3.1.2-4", "MQTT-3.1.4-4", "3.1.1 MQTT-3.1.2-6", "3.1.1 MQTT-3.1.4-3")]
    [InEachVersion]
    public async Task A_clean_start_leaves_nothing_of_what_was(MqttVersion version)
    {
        await LeaveAsync(await SubscribedAsync(version));
        await _broker.PublishAsync("a", "missed", 1);

        var (clean, answer) = await RawClient.ConnectAsync(_broker.Port, "c", version);
        Assert.False(answer.SessionPresent);
        await clean.ExpectSilenceAsync();
        await _broker.PublishAsync("a", "no longer heard", 1);
        await clean.ExpectSilenceAsync();
        await LeaveAsync(clean);

        // The clean session has ended with its connection, and nothing of the old one comes back.
        (var back, answer) = await RawClient.ConnectAsync(_broker.Port, "c", version, p => p with { CleanStart = false });
        Assert.False(answer.SessionPresent);
        await back.ExpectSilenceAsync();
        back.Dispose();
    }

    [Theory]
    [Clause("MQTT-3.1.2-5", "MQTT-3.1.2-6", "MQTT-3.1.2-23", "3.1.1 MQTT-3.1.2-4", "3.1.1 MQTT-4.1.0-1")]
    [InEachVersion]
    public async Task Without_a_clean_start_a_session_is_begun_kept_and_gone_on_with(MqttVersion version)
    {
        var (first, answer) = await RawClient.ConnectAsync(_broker.Port, "c", version, p => Lasting(p, version));
        Assert.False(answer.SessionPresent);
        await first.SubscribeAsync(new SubscribeFilter("a", 2));
        await LeaveAsync(first);
        await _broker.PublishAsync("a", "1", 1);
        await _broker.PublishAsync("a", "2", 2);

        (var back, answer) = await RawClient.ConnectAsync(_broker.Port, "c", version, p => Lasting(p, version));
        Assert.True(answer.SessionPresent);
        Assert.Equal(["1", "2"], (await back.TakeAsync(2)).Select(got => got.Text));
        await _broker.PublishAsync("a", "3", 1);
        Assert.Equal("3", (await back.MessageAsync()).Text);
        back.Dispose();
    }

    [Theory]
    [Clause("3.1.1 MQTT-3.1.2-7")]
    [InEachVersion]
    public async Task A_retained_message_outlives_the_session_it_came_from(MqttVersion version)
    {
        var publisher = await _broker.ConnectAsync("p", version);
        await publisher.PublishAsync("a", "kept", 1, 1, retain: true);
        await publisher.PubAckAsync();
        await LeaveAsync(publisher);
        using var again = await _broker.ConnectAsync("p", version);
        await again.SubscribeAsync(new SubscribeFilter("a", 0));
        Assert.Equal("kept", (await again.MessageAsync()).Text);
    }

    [OwnFact]
    [Clause("MQTT-4.1.0-2")]
    public async Task A_session_is_gone_when_its_time_is_up_and_not_before()
    {
        var time = new ManualTime();
        await using var broker = await BrokerUnderTest.StartAsync(time: time);
        foreach (var (waited, present) in ((int, bool)[])[(9, true), (11, false)])
        {
            await LeaveAsync(await broker.ConnectAsync("c", properties: new() { SessionExpiry = 10 }));
            time.Advance(TimeSpan.FromSeconds(waited));
            var (back, answer) = await RawClient.ConnectAsync(broker.Port, "c", change: p => p with { CleanStart = false });
            Assert.Equal(present, answer.SessionPresent);
            back.Dispose();
        }
    }

    [OwnTheory]
    [Clause("MQTT-4.1.0-1", "3.1.1 MQTT-4.1.0-2")]
    [InEachVersion]
    public async Task A_session_lasts_while_its_connection_does(MqttVersion version)
    {
        var time = new ManualTime();
        await using var broker = await BrokerUnderTest.StartAsync(time: time);
        var properties = version == MqttVersion.V5 ? new MqttProperties { SessionExpiry = 5 } : null;
        using var client = (await RawClient.ConnectAsync(
            broker.Port, "c", version, p => p with { KeepAliveSeconds = 600, Properties = properties })).Client;
        await client.SubscribeAsync(new SubscribeFilter("a", 0));
        time.Advance(TimeSpan.FromSeconds(60));
        await broker.PublishAsync("a", "still heard");
        Assert.Equal("still heard", (await client.MessageAsync()).Text);
    }

    private static ConnectPacket Lasting(ConnectPacket packet, MqttVersion version) => packet with
    {
        CleanStart = false,
        Properties = version == MqttVersion.V5 ? new() { SessionExpiry = 600 } : null,
    };

    private static async Task LeaveAsync(RawClient client)
    {
        await client.SendAsync(0xE0, 0x00);
        await client.ExpectEndAsync();
        client.Dispose();
    }

    private async Task<RawClient> SubscribedAsync(MqttVersion version)
    {
        var client = await _broker.ConnectAsync("c", version, lasting: true);
        await client.SubscribeAsync(new SubscribeFilter("a", 1));
        return client;
    }
}
