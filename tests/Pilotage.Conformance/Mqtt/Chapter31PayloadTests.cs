using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;
using Xunit;
using static Pilotage.Conformance.Mqtt.RawPacket;

namespace Pilotage.Conformance.Mqtt;

/// <summary>The flags of CONNECT and the payload that they announce.</summary>
public sealed class Chapter31PayloadTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [Clause("MQTT-3.1.2-3", "MQTT-3.1.2-9", "MQTT-3.1.2-11", "MQTT-3.1.2-12", "MQTT-3.1.2-13", "MQTT-3.1.2-16", "MQTT-3.1.2-17")]
    [Clause("MQTT-3.1.2-18", "MQTT-3.1.2-19", "MQTT-3.1.3-3", "MQTT-3.1.4-1")]
    [Clause("3.1.1 MQTT-3.1.2-3", "3.1.1 MQTT-3.1.2-9", "3.1.1 MQTT-3.1.2-11", "3.1.1 MQTT-3.1.2-13", "3.1.1 MQTT-3.1.2-14")]
    [Clause("3.1.1 MQTT-3.1.2-15", "3.1.1 MQTT-3.1.2-18", "3.1.1 MQTT-3.1.2-19", "3.1.1 MQTT-3.1.2-20", "3.1.1 MQTT-3.1.2-21")]
    [Clause("3.1.1 MQTT-3.1.3-3", "3.1.1 MQTT-3.1.4-1")]
    [InEachVersion("the reserved flag", (byte)0x03, "id")]
    [InEachVersion("a will's QoS without a will", (byte)0x0A, "id")]
    [InEachVersion("a will's retain without a will", (byte)0x22, "id")]
    [InEachVersion("a will of QoS 3", (byte)0x1E, "id", "properties", "topic", "will")]
    [InEachVersion("a will flag without a will", (byte)0x06, "id")]
    [InEachVersion("a will flag without a payload", (byte)0x06, "id", "properties", "topic")]
    [InEachVersion("a will without its flag", (byte)0x02, "id", "properties", "topic", "will")]
    [InEachVersion("a user name's flag without one", (byte)0x82, "id")]
    [InEachVersion("a user name without its flag", (byte)0x02, "id", "user")]
    [InEachVersion("a password's flag without one", (byte)0xC2, "id", "user")]
    [InEachVersion("a password without its flag", (byte)0x82, "id", "user", "password")]
    [InEachVersion("no client identifier", (byte)0x02)]
    public async Task What_the_flags_say_is_what_the_payload_has(
        MqttVersion version, string what, byte flags, params string[] payload)
    {
        Assert.NotEmpty(what);
        using var client = await _broker.OpenAsync(version);
        await client.SendAsync(Connect(version, flags, [.. payload.Select(p => p == "properties" ? NoProperties(version) : Text(p))]));
        await client.ExpectRefusedAsync(MqttReason.MalformedPacket);
    }

    [Theory]
    [Clause("3.1.1 MQTT-3.1.2-22")]
    [InlineData(MqttVersion.V311, false)]
    [InlineData(MqttVersion.V5, true)]
    public async Task A_password_without_a_user_name_is_new_in_5_0(MqttVersion version, bool accepted)
    {
        using var client = await _broker.OpenAsync(version);
        await client.SendAsync(Connect(version, 0x42, Text("c"), Text("password")));
        if (accepted)
        {
            Assert.Equal(MqttReason.Success, (await client.ConnAckAsync()).Reason);
        }
        else
        {
            await client.ExpectEndAsync();
        }
    }

    [OwnTheory]
    [Clause("MQTT-3.1.3-1", "MQTT-3.1.2-17", "MQTT-3.1.2-19", "3.1.1 MQTT-3.1.3-1")]
    [InEachVersion]
    public async Task The_payload_has_its_fields_in_one_order(MqttVersion version)
    {
        ConnectRequest? seen = null;
        _broker.Hooks.OnConnect = request =>
        {
            seen = request;
            return OpenHooks.Accept(request);
        };
        using var watcher = await _broker.ConnectAsync("watcher");
        await watcher.SubscribeAsync(new SubscribeFilter("second", 0));
        using (var client = await _broker.OpenAsync(version))
        {
            await client.SendAsync(Connect(
                version, 0xC6, Text("first"), NoProperties(version), Text("second"), Text("third"), Text("fourth"), Text("fifth")));
            await client.ConnAckAsync();
        }

        Assert.Equal(("first", "fourth"), (seen!.ClientId, seen.UserName));
        Assert.Equal("fifth"u8.ToArray(), seen.Password!.Value.ToArray());
        Assert.Equal("third", (await watcher.MessageAsync()).Text);
    }

    [Theory]
    [Clause("MQTT-3.1.3-5", "3.1.1 MQTT-3.1.3-5")]
    [InEachVersion("0")]
    [InEachVersion("0123456789abcdefghijklm")]
    [InEachVersion("nopqrstuvwxyzABCDEFGHIJ")]
    [InEachVersion("KLMNOPQRSTUVWXYZ")]
    public async Task A_name_of_1_to_23_letters_and_digits_is_always_good(MqttVersion version, string clientId)
    {
        using var client = await _broker.ConnectAsync(clientId, version);
        await client.ExpectSilenceAsync();
    }

    [Theory]
    [Clause("MQTT-3.1.3-6", "MQTT-3.1.3-7", "MQTT-3.2.2-16", "3.1.1 MQTT-3.1.3-6")]
    [InEachVersion]
    public async Task Clients_without_a_name_get_one_each(MqttVersion version)
    {
        var (one, first) = await RawClient.ConnectAsync(_broker.Port, "", version);
        var (two, second) = await RawClient.ConnectAsync(_broker.Port, "", version);
        await one.ExpectSilenceAsync();
        await two.ExpectSilenceAsync();
        if (version == MqttVersion.V5)
        {
            // The name is the client's: whoever comes under it takes its session over.
            Assert.NotEqual(first.Properties!.AssignedClientId, second.Properties!.AssignedClientId);
            using var three = await _broker.ConnectAsync(first.Properties.AssignedClientId!);
            await one.ExpectDisconnectAsync(MqttReason.SessionTakenOver);
            await two.ExpectSilenceAsync();
        }

        one.Dispose();
        two.Dispose();
    }

    [Theory]
    [Clause("MQTT-3.1.3-2", "3.1.1 MQTT-3.1.3-2")]
    [InEachVersion]
    public async Task A_session_is_known_by_the_name_of_its_client(MqttVersion version)
    {
        var leaving = await _broker.ConnectAsync("one", version, lasting: true);
        await leaving.SubscribeAsync(new SubscribeFilter("a", 1));
        await leaving.SendAsync(0xE0, 0x00);
        await leaving.ExpectEndAsync();
        leaving.Dispose();
        await _broker.PublishAsync("a", "for one", 1);

        using var other = await _broker.ConnectAsync("One", version, lasting: true);
        await other.ExpectSilenceAsync();
        using var back = await _broker.ConnectAsync("one", version, lasting: true);
        Assert.Equal("for one", (await back.MessageAsync()).Text);
    }

    [Theory]
    [Clause("MQTT-3.1.4-6", "3.1.1 MQTT-3.1.4-5")]
    [InEachVersion]
    public async Task What_comes_behind_a_refused_connect_is_not_looked_at(MqttVersion version)
    {
        using var watcher = await _broker.ConnectAsync("watcher");
        await watcher.SubscribeAsync(new SubscribeFilter("a", 0));

        // In 5.0 an authentication method, in 3.1.1 a lasting session without a name: well-formed, and refused.
        var connect = version == MqttVersion.V5
            ? Of(0x10, Text("MQTT"), [5, 2, 0, 0], Properties([0x15, .. Text("none that we know")]), Text("c"))
            : Connect(version, 0x00, Text(""));
        using var client = await _broker.OpenAsync(version);
        await client.SendAsync([.. connect, .. Of(0x30, Text("a"), NoProperties(version), "x"u8.ToArray())]);
        Assert.True((await client.ConnAckAsync()).Reason.IsFailure());
        await client.ExpectEndAsync();
        await watcher.ExpectSilenceAsync();
    }
}
