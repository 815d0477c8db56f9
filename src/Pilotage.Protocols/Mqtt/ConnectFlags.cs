namespace Pilotage.Protocols.Mqtt;

/// <summary>The connect flags byte (MQTT 5.0, section 3.1.2.3).</summary>
internal static class ConnectFlags
{
    public const byte UserName = 0x80;
    public const byte Password = 0x40;
    public const byte WillRetain = 0x20;
    public const byte WillQosMask = 0x18;
    public const byte Will = 0x04;
    public const byte CleanStart = 0x02;
    public const byte Reserved = 0x01;
}
