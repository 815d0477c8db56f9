using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>Wills.</summary>
public sealed class Chapter31WillTests : IAsyncLifetime
{
    private TestBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    [Clause("MQTT-3.1.2-7")]
    [Clause("MQTT-3.1.2-8")]
    [Clause("MQTT-3.1.2-15")]
    public async Task A_lost_client_leaves_its_will_and_a_retained_one_stays()
    {
        using var watcher = await WatchAsync();
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "c", change: p => p with { Will = Will(retain: true) });
        client.Dispose();
        Assert.Equal("gone", (await watcher.MessageAsync()).Text);

        using var late = await WatchAsync("late");
        Assert.True((await late.MessageAsync()).Message.Retain);
        Assert.Contains(_broker.Hooks.Received, m => m.Topic == "a/_state");
    }

    [Fact]
    [Clause("MQTT-3.14.4-3")]
    [Clause("MQTT-3.1.2-10")]
    public async Task A_proper_goodbye_spares_the_will()
    {
        using var watcher = await WatchAsync();
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "c", change: p => p with { Will = Will() });
        await client.SendAsync(0xE0, 0x00);
        await client.ExpectEndAsync();
        await watcher.ExpectSilenceAsync();
    }

    [Fact]
    [Clause("MQTT-3.14.2-1")]
    public async Task A_goodbye_with_the_will_wished_publishes_it()
    {
        using var watcher = await WatchAsync();
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "c", change: p => p with { Will = Will() });
        await client.SendAsync(0xE0, 0x01, 0x04);
        Assert.Equal("gone", (await watcher.MessageAsync()).Text);
    }

    [Fact]
    [Clause("MQTT-3.1.3-9")]
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

    [Fact]
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

    private static WillMessage Will(bool retain = false) =>
        new(new() { Topic = "a/_state", Payload = "gone"u8.ToArray(), Qos = 1, Retain = retain }, 0);

    private async Task<RawClient> WatchAsync(string clientId = "watcher")
    {
        var (watcher, _) = await RawClient.ConnectAsync(_broker.Port, clientId);
        await watcher.SubscribeAsync(new SubscribeFilter("a/#", 0));
        return watcher;
    }
}
