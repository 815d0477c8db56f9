using System.Text;

namespace Pilotage.Protocols.Mqtt;

/// <summary>PUBLISH as it lies in the receive buffer; valid only as long as the buffer is.</summary>
public readonly ref struct PublishView
{
    /// <summary>Whether this may be a second delivery.</summary>
    public bool Duplicate { get; init; }

    /// <summary>0, 1 or 2.</summary>
    public byte Qos { get; init; }

    /// <summary>Retain flag as received.</summary>
    public bool Retain { get; init; }

    /// <summary>UTF-8, validated; empty only with a topic alias.</summary>
    public ReadOnlySpan<byte> Topic { get; init; }

    /// <summary>0 with QoS 0.</summary>
    public ushort PacketId { get; init; }

    /// <summary>Nothing when there are none.</summary>
    public MqttProperties? Properties { get; init; }

    /// <summary>May be empty.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>The message in it; the topic is given because an alias may stand for it.</summary>
    public MessageView Message(string topic) =>
        new() { Topic = topic, Payload = Payload, Qos = Qos, Retain = Retain, Properties = Properties };

    /// <summary>Copies everything out.</summary>
    public MqttMessage ToMessage(string topic) => Message(topic).ToMessage();

    /// <summary>The topic as a string.</summary>
    public string TopicText() => Encoding.UTF8.GetString(Topic);
}
