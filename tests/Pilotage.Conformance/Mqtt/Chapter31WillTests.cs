using Pilotage.Protocols.Mqtt;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>Wills.</summary>
public sealed class Chapter31WillTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [Clause("MQTT-3.1.2-7", "MQTT-3.1.2-8", "MQTT-3.1.2-15", "3.1.1 MQTT-3.1.2-8", "3.1.1 MQTT-3.1.2-17")]
    [InEachVersion]
    public async Task A_lost_client_leaves_its_will_and_a_retained_one_stays(MqttVersion version)
    {
        using var watcher = await WatchAsync();
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "c", version, p => p with { Will = Will(retain: true) });
        client.Dispose();
        Assert.Equal("gone", (await watcher.MessageAsync()).Text);

        using var late = await WatchAsync("late");
        Assert.True((await late.MessageAsync()).Message.Retain);
    }

    [OwnFact]
    public async Task The_host_hears_a_will_too()
    {
        using var watcher = await WatchAsync();
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "c", change: p => p with { Will = Will() });
        client.Dispose();
        await watcher.MessageAsync();
        Assert.Contains(_broker.Hooks.Received, m => m.Topic == "a/_state");
    }

    [Theory]
    [Clause("MQTT-3.14.4-3", "MQTT-3.1.2-10", "3.1.1 MQTT-3.14.4-3", "3.1.1 MQTT-3.1.2-10")]
    [InEachVersion]
    public async Task A_proper_goodbye_spares_the_will(MqttVersion version)
    {
        using var watcher = await WatchAsync();
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "c", version, p => p with { Will = Will() });
        await client.SendAsync(0xE0, 0x00);
        await client.ExpectEndAsync();
        await watcher.ExpectSilenceAsync();
    }

    [Fact]
    [Clause("3.14.2.1")]
    public async Task A_goodbye_with_the_will_wished_publishes_it()
    {
        using var watcher = await WatchAsync();
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "c", change: p => p with { Will = Will() });
        await client.SendAsync(0xE0, 0x01, 0x04);
        Assert.Equal("gone", (await watcher.MessageAsync()).Text);
    }

    [Fact]
    [Clause("MQTT-3.1.2-8")]
    public async Task A_delayed_will_waits_but_not_longer_than_the_session()
    {
        using var watcher = await WatchAsync();
        var (client, _) = await RawClient.ConnectAsync(
            _broker.Port,
            "c",
            change: p => p with { Will = Will() with { DelaySeconds = 60 }, Properties = new() { SessionExpiry = 2 } });
        client.Dispose();
        await watcher.ExpectSilenceAsync();
        Assert.Equal("gone", (await watcher.MessageAsync()).Text);
    }

    [OwnFact]
    [Clause("MQTT-3.1.4-3")]
    public async Task The_will_of_a_connection_that_was_taken_over_comes_before_the_birth_of_the_next()
    {
        for (var i = 0; i < 20; i++)
        {
            var (old, _) = await RawClient.ConnectAsync(_broker.Port, "c", change: p => p with { Will = Will(retain: true) });
            var (young, _) = await RawClient.ConnectAsync(_broker.Port, "c", change: p => p with { Will = Will(retain: true) });
            await young.PublishAsync("a/_state", "born", 1, 1, retain: true);
            await young.PubAckAsync();
            using var late = await WatchAsync($"late-{i}");
            Assert.Equal("born", (await late.MessageAsync()).Text);
            Assert.Equal("born", System.Text.Encoding.UTF8.GetString(_broker.Hooks.Received[^1].Payload.Span));
            await young.SendAsync(0xE0, 0x00);
            await young.ExpectEndAsync();
            old.Dispose();
            young.Dispose();
        }
    }

    [Theory]
    [Clause("MQTT-3.1.2-10", "MQTT-3.1.2-14", "3.1.1 MQTT-3.1.2-10", "3.1.1 MQTT-3.1.2-12", "3.1.1 MQTT-3.1.2-16")]
    [InEachVersion]
    public async Task A_will_is_published_once_and_retained_only_if_it_says_so(MqttVersion version)
    {
        using var watcher = await WatchAsync();
        var (client, _) = await RawClient.ConnectAsync(
            _broker.Port, "c", version, p => p with { CleanStart = false, Will = Will(), Properties = Lasting(version) });
        client.Dispose();
        var gone = await watcher.MessageAsync();
        Assert.Equal(("gone", false), (gone.Text, gone.Message.Retain));
        using var late = await WatchAsync("late");
        await late.ExpectSilenceAsync();

        // The session goes on without a will: when this connection ends too, by a takeover, nothing is published.
        var (back, answer) = await RawClient.ConnectAsync(
            _broker.Port, "c", version, p => p with { CleanStart = false, Properties = Lasting(version) });
        Assert.True(answer.SessionPresent);
        using var next = await _broker.ConnectAsync("c", version, lasting: true);
        await back.ExpectFaultAsync(MqttReason.SessionTakenOver);
        back.Dispose();
        await watcher.ExpectSilenceAsync();
    }

    [Theory]
    [Clause("MQTT-3.1.2-12", "3.1.1 MQTT-3.1.2-14")]
    [InEachVersion((byte)0)]
    [InEachVersion((byte)1)]
    [InEachVersion((byte)2)]
    public async Task A_will_has_the_qos_it_says(MqttVersion version, byte qos)
    {
        using var watcher = await _broker.ConnectAsync("watcher");
        await watcher.SubscribeAsync(new SubscribeFilter("w", 2));
        var (client, _) = await RawClient.ConnectAsync(
            _broker.Port, "c", version, p => p with { Will = new(new() { Topic = "w", Qos = qos }, 0) });
        client.Dispose();
        Assert.Equal(qos, (await watcher.MessageAsync()).Message.Qos);
    }

    [Fact]
    [Clause("MQTT-3.1.3-10")]
    public async Task A_will_keeps_its_properties_and_their_order()
    {
        using var watcher = await WatchAsync();
        List<(string, string)> pairs = [("b", "1"), ("a", "2"), ("b", "1"), ("", "")];
        var will = new MqttMessage
        {
            Topic = "a/_state",
            Payload = "gone"u8.ToArray(),
            PayloadFormat = 1,
            ContentType = "text/plain",
            ResponseTopic = "answers",
            CorrelationData = new byte[] { 1, 0, 2 },
            UserProperties = pairs,
        };
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "c", change: p => p with { Will = new(will, 0) });
        client.Dispose();
        var got = (await watcher.MessageAsync()).Message;
        Assert.Equal(((byte?)1, "text/plain", "answers"), (got.PayloadFormat, got.ContentType, got.ResponseTopic));
        Assert.Equal([1, 0, 2], got.CorrelationData.ToArray());
        Assert.Equal(pairs, got.UserProperties);
    }

    [OwnFact]
    [Clause("MQTT-3.1.3-9")]
    public async Task A_client_that_is_back_in_time_spares_its_will()
    {
        var time = new ManualTime();
        await using var broker = await BrokerUnderTest.StartAsync(time: time);
        var (watcher, _) = await RawClient.ConnectAsync(broker.Port, "watcher", change: p => p with { KeepAliveSeconds = 600 });
        using var __ = watcher;
        await watcher.SubscribeAsync(new SubscribeFilter("#", 0));
        foreach (var clientId in (string[])["back", "lost"])
        {
            var (client, _) = await RawClient.ConnectAsync(broker.Port, clientId, change: p => p with
            {
                Will = new(new() { Topic = clientId }, 60),
                Properties = new() { SessionExpiry = 600 },
            });

            // DISCONNECT 0x04 keeps the will, and its answer is the proof that the broker knows.
            await client.SendAsync(0xE0, 0x01, 0x04);
            await client.ExpectEndAsync();
            client.Dispose();
        }

        time.Advance(TimeSpan.FromSeconds(30));
        using var back = await broker.ConnectAsync("back", lasting: true);
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal("lost", (await watcher.MessageAsync()).Message.Topic);
        await watcher.ExpectSilenceAsync();
    }

    [Theory]
    [Clause("MQTT-3.1.2-8", "MQTT-3.1.3-9")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_takeover_spares_a_delayed_will_unless_it_ends_the_session(bool clean)
    {
        using var watcher = await WatchAsync();
        var (old, _) = await RawClient.ConnectAsync(
            _broker.Port,
            "c",
            change: p => p with { Will = Will() with { DelaySeconds = 60 }, Properties = new() { SessionExpiry = 600 } });
        using var young = await _broker.ConnectAsync("c", lasting: !clean);
        await old.ExpectDisconnectAsync(MqttReason.SessionTakenOver);
        old.Dispose();
        if (clean)
        {
            Assert.Equal("gone", (await watcher.MessageAsync()).Text);
        }

        await watcher.ExpectSilenceAsync();
    }

    private static WillMessage Will(bool retain = false) =>
        new(new() { Topic = "a/_state", Payload = "gone"u8.ToArray(), Qos = 1, Retain = retain }, 0);

    private static MqttProperties? Lasting(MqttVersion version) =>
        version == MqttVersion.V5 ? new() { SessionExpiry = 600 } : null;

    private async Task<RawClient> WatchAsync(string clientId = "watcher")
    {
        var (watcher, _) = await RawClient.ConnectAsync(_broker.Port, clientId);
        await watcher.SubscribeAsync(new SubscribeFilter("a/#", 0));
        return watcher;
    }
}
