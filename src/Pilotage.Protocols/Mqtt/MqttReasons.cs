namespace Pilotage.Protocols.Mqtt;

/// <summary>What reason codes mean, and how the connect codes of 3.1.1 map onto them.</summary>
public static class MqttReasons
{
    /// <summary>Whether the code reports a failure (0x80 and above).</summary>
    public static bool IsFailure(this MqttReason reason) => (byte)reason >= 0x80;

    /// <summary>The return code of a 3.1.1 CONNACK that says nearly the same (3.1.1, table 3.1).</summary>
    public static byte ToConnectReturnCode(this MqttReason reason) => reason switch
    {
        MqttReason.Success => 0,
        MqttReason.UnsupportedProtocolVersion => 1,
        MqttReason.ClientIdentifierNotValid => 2,
        MqttReason.BadUserNameOrPassword => 4,
        MqttReason.NotAuthorized or MqttReason.Banned => 5,
        _ => 3,
    };

    /// <summary>The reason code that a 3.1.1 CONNACK's return code stands for.</summary>
    public static MqttReason FromConnectReturnCode(byte code) => code switch
    {
        0 => MqttReason.Success,
        1 => MqttReason.UnsupportedProtocolVersion,
        2 => MqttReason.ClientIdentifierNotValid,
        3 => MqttReason.ServerUnavailable,
        4 => MqttReason.BadUserNameOrPassword,
        5 => MqttReason.NotAuthorized,
        _ => MqttReason.UnspecifiedError,
    };
}
