using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk;

/// <summary>The broker said no.</summary>
/// <param name="reason">Its reason code.</param>
/// <param name="message">What was asked, and the broker's own words if it gave any.</param>
public sealed class MqttRefusedException(MqttReason reason, string message) : IOException(message)
{
    /// <summary>The broker's reason code.</summary>
    public MqttReason Reason { get; } = reason;
}
