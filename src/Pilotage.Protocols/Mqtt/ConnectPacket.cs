namespace Pilotage.Protocols.Mqtt;

/// <summary>CONNECT: the first packet of a client.</summary>
public sealed record ConnectPacket
{
    /// <summary>The protocol level asked for.</summary>
    public MqttVersion Version { get; init; } = MqttVersion.V5;

    /// <summary>May be empty: the server then chooses one.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>Clean Session in 3.1.1.</summary>
    public bool CleanStart { get; init; } = true;

    /// <summary>0 means that the client promises nothing.</summary>
    public ushort KeepAliveSeconds { get; init; }

    /// <summary>Nothing when absent.</summary>
    public string? UserName { get; init; }

    /// <summary>Nothing when absent.</summary>
    public ReadOnlyMemory<byte>? Password { get; init; }

    /// <summary>Nothing when absent.</summary>
    public WillMessage? Will { get; init; }

    /// <summary>Nothing when there are none, and in 3.1.1.</summary>
    public MqttProperties? Properties { get; init; }
}

/// <summary>What the server publishes when the client is lost.</summary>
/// <param name="Message">Topic, payload, QoS, retain and properties.</param>
/// <param name="DelaySeconds">How long the server waits for the client to come back first.</param>
public sealed record WillMessage(MqttMessage Message, uint DelaySeconds);
