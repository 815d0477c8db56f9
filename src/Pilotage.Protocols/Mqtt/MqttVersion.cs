namespace Pilotage.Protocols.Mqtt;

/// <summary>A protocol level as it stands in CONNECT.</summary>
public enum MqttVersion : byte
{
    /// <summary>MQTT 3.1.1.</summary>
    V311 = 4,

    /// <summary>MQTT 5.0.</summary>
    V5 = 5,
}
