using System.Buffers;
using System.Text.Json;

namespace Pilotage.Trust;

/// <summary>A payload, its type and who signed both.</summary>
public sealed record DsseEnvelope(string PayloadType, ReadOnlyMemory<byte> Payload, IReadOnlyList<DsseSignature> Signatures)
{
    /// <summary>Largest envelope read, in bytes; a release manifest is a few kilobytes.</summary>
    public const int BytesMax = 16 * 1024 * 1024;

    /// <summary>More signatures than this are refused unread: each costs a verification.</summary>
    public const int SignaturesMax = 32;

    /// <summary>The JSON form of the specification, UTF-8.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteBase64String("payload", Payload.Span);
            writer.WriteString("payloadType", PayloadType);
            writer.WriteStartArray("signatures");
            foreach (var signature in Signatures)
            {
                writer.WriteStartObject();
                writer.WriteString("keyid", signature.KeyId);
                writer.WriteBase64String("sig", signature.Signature.Span);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads the JSON form; nothing is trusted by reading it.</summary>
    public static Outcome<DsseEnvelope> Parse(ReadOnlyMemory<byte> json)
    {
        if (json.Length > BytesMax)
        {
            return Malformed($"larger than {BytesMax} bytes");
        }

        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            var root = document.RootElement;
            var signatures = root.GetProperty("signatures");
            if (signatures.GetArrayLength() > SignaturesMax)
            {
                return Malformed($"more than {SignaturesMax} signatures");
            }

            var read = new List<DsseSignature>();
            foreach (var signature in signatures.EnumerateArray())
            {
                var keyId = signature.TryGetProperty("keyid", out var id) ? id.GetString() ?? "" : "";
                read.Add(new DsseSignature(keyId, signature.GetProperty("sig").GetBytesFromBase64()));
            }

            var type = root.GetProperty("payloadType").GetString();
            return type is null
                ? Malformed("payloadType is null")
                : new DsseEnvelope(type, root.GetProperty("payload").GetBytesFromBase64(), read);
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return Malformed(failure.Message);
        }
    }

    private static Refusal Malformed(string why) => new("trust.envelope_malformed", $"Not a DSSE envelope: {why}");
}

/// <summary>One signature; the key id is a hint and proves nothing.</summary>
public sealed record DsseSignature(string KeyId, ReadOnlyMemory<byte> Signature);
