using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>CONNECT and CONNACK.</summary>
public sealed class Chapter31ConnectTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    private int Port => _broker.Port;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync(new BrokerOptions
    {
        ConnectTimeout = TimeSpan.FromSeconds(1),
        KeepAliveMin = TimeSpan.FromSeconds(1),
    });

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [Clause("MQTT-3.1.0-1", "3.1.1 MQTT-3.1.0-1")]
    [InlineData("C0 00")]
    [InlineData("30 03 00 01 61")]
    [InlineData("F0 00")]
    [InlineData("30 FF FF FF 7F")]
    public async Task A_first_packet_other_than_connect_ends_the_connection(string hex)
    {
        using var client = await RawClient.OpenAsync(Port);
        await client.SendHexAsync(hex);
        await client.ExpectEndAsync();
    }

    [Theory]
    [Clause("MQTT-3.1.0-2", "MQTT-3.2.0-2", "3.1.1 MQTT-3.1.0-2")]
    [InEachVersion]
    public async Task A_second_connect_is_a_protocol_error(MqttVersion version)
    {
        using var client = await _broker.ConnectAsync("c", version);
        await client.SendAsync(target => MqttEncoder.Connect(target, new() { Version = version, ClientId = "c" }));
        await client.ExpectFaultAsync(MqttReason.ProtocolError);
    }

    [Theory]
    [Clause("MQTT-3.1.2-1", "MQTT-3.1.2-2", "3.1.1 MQTT-3.1.2-1", "3.1.1 MQTT-3.1.2-2")]
    [InlineData("10 0D 00 04 4D 51 54 58 05 02 00 00 00 00 00", null)]
    [InlineData("10 0D 00 04 4D 51 54 54 06 02 00 00 00 00 00", "00 84")]
    [InlineData("10 0C 00 04 4D 51 54 54 03 02 00 00 00 00", "00 01")]
    public async Task An_unknown_protocol_or_version_is_refused_in_words_the_client_may_know(string hex, string? answer)
    {
        using var client = await RawClient.OpenAsync(Port);
        await client.SendHexAsync(hex);
        var packet = await client.ReadAsync();
        if (packet is not null || Target.Foreign is null)
        {
            Assert.Equal(MqttPacketType.ConnAck, packet?.Frame.Type);
            var body = packet!.Value.Body;
            Assert.Contains($"{body[0]:X2} {body[1]:X2}", answer ?? "00 84 00 01", StringComparison.Ordinal);
            await client.ExpectEndAsync();
        }
    }

    [Fact]
    [Clause("MQTT-3.1.4-5", "3.1.1 MQTT-3.1.4-4")]
    public async Task A_connect_in_pieces_of_one_byte_is_accepted()
    {
        using var client = await RawClient.OpenAsync(Port);
        foreach (var one in Convert.FromHexString("100E00044D5154540502001E00000161"))
        {
            await client.SendAsync(one);
        }

        Assert.Equal(MqttReason.Success, (await client.ConnAckAsync()).Reason);
    }

    [OwnFact]
    [Clause("3.1.4")]
    public async Task Silence_instead_of_connect_is_not_waited_for()
    {
        using var client = await RawClient.OpenAsync(Port);
        await client.SendAsync(0x10);
        await client.ExpectEndAsync();
    }

    [Theory]
    [Clause("MQTT-3.2.2-2", "MQTT-3.2.2-3", "MQTT-3.1.2-5", "3.1.1 MQTT-3.2.2-1", "3.1.1 MQTT-3.2.2-2",
        "3.1.1 MQTT-3.2.2-3")]
    [InEachVersion]
    public async Task Session_present_tells_the_truth(MqttVersion version)
    {
        ConnectPacket Lasting(ConnectPacket p) =>
            p with { CleanStart = false, Properties = version == MqttVersion.V5 ? new() { SessionExpiry = 100 } : null };
        var (first, answer) = await RawClient.ConnectAsync(Port, "c", version, Lasting);
        Assert.False(answer.SessionPresent);
        first.Dispose();

        (var second, answer) = await RawClient.ConnectAsync(Port, "c", version, Lasting);
        Assert.True(answer.SessionPresent);
        second.Dispose();

        (var third, answer) = await RawClient.ConnectAsync(Port, "c", version, p => Lasting(p) with { CleanStart = true });
        Assert.False(answer.SessionPresent);
        third.Dispose();
    }

    [OwnFact]
    [Clause("MQTT-3.1.3-7")]
    public async Task A_client_without_a_name_is_given_one()
    {
        var (client, answer) = await RawClient.ConnectAsync(Port, "");
        Assert.StartsWith("auto-", answer.Properties!.AssignedClientId, StringComparison.Ordinal);
        client.Dispose();

        // The host may know the client under another name; what the client is told is what it must come back with.
        _broker.Hooks.OnConnect = request => ConnectDecision.Accept(
            new(new("acme"), "open:" + request.ClientId, null, "open", request.Listener));
        (client, answer) = await RawClient.ConnectAsync(Port, "");
        Assert.StartsWith("auto-", answer.Properties!.AssignedClientId, StringComparison.Ordinal);
        client.Dispose();
    }

    [Fact]
    [Clause("3.1.1 MQTT-3.1.3-7", "3.1.1 MQTT-3.1.3-8")]
    public async Task In_3_1_1_a_lasting_session_needs_a_name()
    {
        using var client = await RawClient.OpenAsync(Port, MqttVersion.V311);
        await client.SendAsync(t => MqttEncoder.Connect(t, new() { Version = MqttVersion.V311, CleanStart = false }));
        Assert.Equal(MqttReason.ClientIdentifierNotValid, (await client.ConnAckAsync()).Reason);
        await client.ExpectEndAsync();
    }

    [Theory]
    [Clause("MQTT-3.1.4-3", "3.1.1 MQTT-3.1.4-2")]
    [InEachVersion]
    public async Task The_same_name_twice_ends_the_older_connection(MqttVersion version)
    {
        using var old = await _broker.ConnectAsync("same", version);
        using var young = await _broker.ConnectAsync("same", version);
        await old.ExpectFaultAsync(MqttReason.SessionTakenOver);
        await young.ExpectSilenceAsync();
    }

    [OwnTheory]
    [Clause("MQTT-3.2.2-6", "MQTT-3.2.2-7", "3.1.1 MQTT-3.2.2-4", "3.1.1 MQTT-3.2.2-5")]
    [InlineData(MqttVersion.V5, MqttReason.Banned, MqttReason.Banned)]
    [InlineData(MqttVersion.V311, MqttReason.Banned, MqttReason.NotAuthorized)]
    public async Task A_refusal_says_why_and_closes(MqttVersion version, MqttReason given, MqttReason read)
    {
        _broker.Hooks.OnConnect = _ => ConnectDecision.Refuse(given, "no");
        using var client = await RawClient.OpenAsync(Port, version);
        await client.SendAsync(t => MqttEncoder.Connect(t, new() { Version = version, ClientId = "c" }));
        var answer = await client.ConnAckAsync();
        Assert.Equal((read, false), (answer.Reason, answer.SessionPresent));
        await client.ExpectEndAsync();
    }

    [Fact]
    [Clause("MQTT-4.12.0-1")]
    public async Task An_authentication_method_we_do_not_know_is_refused()
    {
        using var client = await RawClient.OpenAsync(Port);
        await client.SendAsync(t => MqttEncoder.Connect(t, new() { ClientId = "c", Properties = new() { AuthenticationMethod = "SCRAM" } }));
        Assert.Equal(MqttReason.BadAuthenticationMethod, (await client.ConnAckAsync()).Reason);
        await client.ExpectEndAsync();
    }

    [OwnFact]
    [Clause("3.2.2.3")]
    public async Task Connack_states_what_the_server_takes()
    {
        var (client, answer) = await RawClient.ConnectAsync(Port, "c", change: p => p with { KeepAliveSeconds = 0 });
        var p = answer.Properties!;
        Assert.Equal(((byte?)null, (ushort?)1200, (ushort?)32, (bool?)null), (p.MaximumQos, p.ServerKeepAlive, p.ReceiveMaximum, p.SharedSubscriptionAvailable));
        Assert.Equal(1024u * 1024, p.MaximumPacketSize);
        client.Dispose();
    }

    [Theory]
    [Clause("MQTT-3.1.2-22", "MQTT-3.2.2-22", "3.1.1 MQTT-3.1.2-24")]
    [InEachVersion]
    public async Task Silence_past_the_keep_alive_ends_the_connection(MqttVersion version)
    {
        var (client, answer) = await RawClient.ConnectAsync(Port, "c", version, p => p with { KeepAliveSeconds = 1 });
        using var __ = client;
        Assert.Null(answer.Properties?.ServerKeepAlive);
        await client.ExpectFaultAsync(MqttReason.KeepAliveTimeout);
    }

    [OwnTheory]
    [Clause("MQTT-3.1.4-2")]
    [InlineData("forbidden/x", (byte)0, MqttReason.NotAuthorized)]
    [InlineData("forbidden/x", (byte)2, MqttReason.NotAuthorized)]
    public async Task A_will_that_could_never_be_published_is_refused_at_connect(string topic, byte qos, MqttReason reason)
    {
        using var client = await RawClient.OpenAsync(Port);
        await client.SendAsync(t => MqttEncoder.Connect(t, new() { ClientId = "c", Will = new(new() { Topic = topic, Qos = qos }, 0) }));
        Assert.Equal(reason, (await client.ConnAckAsync()).Reason);
    }
}
