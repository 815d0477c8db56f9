using System.Buffers.Binary;
using System.Text;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Conformance.Mqtt;

/// <summary>Puts packets together byte by byte, so that they can be wrong where a codec would not let them.</summary>
internal static class RawPacket
{
    /// <summary>A packet of these parts, with its length.</summary>
    public static byte[] Of(byte first, params byte[][] parts)
    {
        byte[] body = [.. parts.SelectMany(part => part)];
        return [first, .. Variable(body.Length), .. body];
    }

    /// <summary>CONNECT with these flags and this payload, without properties.</summary>
    public static byte[] Connect(MqttVersion version, byte flags, params byte[][] payload) =>
        Of(0x10, [Text("MQTT"), [(byte)version, flags, 0, 0], NoProperties(version), .. payload]);

    /// <summary>Two bytes of length, and the text.</summary>
    public static byte[] Text(string text) => Text(Encoding.UTF8.GetBytes(text));

    public static byte[] Text(byte[] text) => [.. Number(text.Length), .. text];

    /// <summary>A two-byte number, a packet identifier for example.</summary>
    public static byte[] Number(int value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }

    /// <summary>A property section.</summary>
    public static byte[] Properties(params byte[][] properties)
    {
        byte[] all = [.. properties.SelectMany(property => property)];
        return [.. Variable(all.Length), .. all];
    }

    /// <summary>The empty property section of 5.0; nothing in 3.1.1.</summary>
    public static byte[] NoProperties(MqttVersion version) => version == MqttVersion.V5 ? [0] : [];

    private static byte[] Variable(int value)
    {
        var bytes = new List<byte>();
        do
        {
            bytes.Add((byte)((value & 0x7F) | (value > 0x7F ? 0x80 : 0)));
            value >>= 7;
        }
        while (value > 0);
        return [.. bytes];
    }
}
