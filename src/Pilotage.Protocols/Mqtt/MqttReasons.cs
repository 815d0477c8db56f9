namespace Pilotage.Protocols.Mqtt;

/// <summary>What reason codes mean, and how the connect codes of 3.1.1 map onto them.</summary>
public static class MqttReasons
{
    /// <summary>Whether the code reports a failure (0x80 and above).</summary>
    public static bool IsFailure(this MqttReason reason) => (byte)reason >= 0x80;

    /// <summary>The code in plain words, for a Reason String.</summary>
    public static string Words(this MqttReason reason) => reason switch
    {
        MqttReason.UnspecifiedError => "The server cannot do this.",
        MqttReason.MalformedPacket => "A packet does not have the form the standard gives it.",
        MqttReason.ProtocolError => "A packet came that the standard does not allow here.",
        MqttReason.ImplementationSpecificError => "The server failed to store this; send it again later.",
        MqttReason.UnsupportedProtocolVersion => "This server speaks MQTT 3.1.1 and 5.0.",
        MqttReason.ClientIdentifierNotValid => "The client identifier is not valid here.",
        MqttReason.BadUserNameOrPassword => "User name or password is wrong.",
        MqttReason.NotAuthorized => "This client may not do this.",
        MqttReason.ServerUnavailable => "The server cannot serve now; try again later.",
        MqttReason.ServerBusy => "The server is busy; try again later.",
        MqttReason.Banned => "This client is banned.",
        MqttReason.ServerShuttingDown => "The server is shutting down.",
        MqttReason.BadAuthenticationMethod => "This server knows no enhanced authentication.",
        MqttReason.KeepAliveTimeout => "Nothing was heard for one and a half times the keep alive.",
        MqttReason.SessionTakenOver => "Another connection uses this client identifier.",
        MqttReason.TopicFilterInvalid => "The topic filter is not valid, too long or too deep.",
        MqttReason.TopicNameInvalid => "The topic name is not valid, too long or too deep.",
        MqttReason.PacketIdentifierInUse => "The packet identifier is in use.",
        MqttReason.PacketIdentifierNotFound => "There is no message under this packet identifier.",
        MqttReason.ReceiveMaximumExceeded => "More unacknowledged messages than the receive maximum.",
        MqttReason.TopicAliasInvalid => "The topic alias is zero, unknown or above the maximum.",
        MqttReason.PacketTooLarge => "The packet is larger than the maximum packet size.",
        MqttReason.MessageRateTooHigh => "Messages come faster than this client may send them.",
        MqttReason.QuotaExceeded => "A limit of the server is reached; try again later.",
        MqttReason.AdministrativeAction => "An operator ended this.",
        MqttReason.PayloadFormatInvalid => "The payload is not UTF-8, although its format says so.",
        MqttReason.ConnectionRateExceeded => "Connections come too fast; try again later.",
        _ => "Refused.",
    };

    /// <summary>
    /// The return code of a 3.1.1 CONNACK that says nearly the same (3.1.1, table 3.1); nothing where none does, so that
    /// the connection ends without CONNACK (MQTT-3.2.2-6 of 3.1.1, and MQTT-3.1.4-1 for a CONNECT that does not conform).
    /// </summary>
    public static byte? ToConnectReturnCode(this MqttReason reason) => reason switch
    {
        MqttReason.Success => 0,
        MqttReason.UnsupportedProtocolVersion => 1,
        MqttReason.ClientIdentifierNotValid => 2,
        MqttReason.UnspecifiedError or MqttReason.ImplementationSpecificError or MqttReason.ServerUnavailable
            or MqttReason.ServerBusy or MqttReason.ServerShuttingDown or MqttReason.QuotaExceeded
            or MqttReason.UseAnotherServer or MqttReason.ServerMoved or MqttReason.ConnectionRateExceeded => 3,
        MqttReason.BadUserNameOrPassword => 4,
        MqttReason.NotAuthorized or MqttReason.Banned => 5,
        _ => null,
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
