using System.Text;
using System.Text.Unicode;

namespace Pilotage.Protocols.Mqtt;

/// <summary>The rules for strings on the wire: well-formed UTF-8 without U+0000.</summary>
/// <remarks>MQTT 5.0, section 1.5.4. Well-formed excludes surrogates (MQTT-1.5.4-1) and overlong forms.</remarks>
internal static class MqttText
{
    public const int BytesMax = 65_535;

    public static bool IsValid(ReadOnlySpan<byte> text) => Utf8.IsValid(text) && !text.Contains((byte)0);

    /// <summary>Whether a string of ours can go on the wire.</summary>
    public static bool IsValid(string text)
    {
        if (text.Length > BytesMax || text.Contains('\0', StringComparison.Ordinal))
        {
            return false;
        }

        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var consumed) != System.Buffers.OperationStatus.Done)
            {
                return false;
            }

            rest = rest[consumed..];
        }

        return Encoding.UTF8.GetByteCount(text) <= BytesMax;
    }
}
