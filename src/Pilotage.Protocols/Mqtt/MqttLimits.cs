namespace Pilotage.Protocols.Mqtt;

/// <summary>Bounds that hold while reading, before anything is allocated for a hostile packet.</summary>
/// <param name="PacketBytesMax">Largest packet taken, fixed header included.</param>
/// <param name="UserPropertiesMax">Most user properties in one packet.</param>
/// <param name="UserPropertyBytesMax">Most bytes of names and values together.</param>
public readonly record struct MqttLimits(int PacketBytesMax, int UserPropertiesMax, int UserPropertyBytesMax)
{
    /// <summary>What the standard itself allows.</summary>
    public static MqttLimits Standard { get; } = new(268_435_460, int.MaxValue, int.MaxValue);
}
