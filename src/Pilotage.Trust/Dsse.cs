using System.Globalization;
using System.Text;

namespace Pilotage.Trust;

/// <summary>Dead Simple Signing Envelope, version 1: signatures over payload and payload type together.</summary>
/// <remarks>https://github.com/secure-systems-lab/dsse/blob/master/protocol.md; verify first, parse the payload after.</remarks>
public static class Dsse
{
    /// <summary>Signs a payload with one key.</summary>
    public static DsseEnvelope Sign(string payloadType, ReadOnlySpan<byte> payload, SigningKey key) =>
        new(payloadType, payload.ToArray(), [new DsseSignature(key.KeyId, key.Sign(PreAuthenticationEncoding(payloadType, payload)))]);

    /// <summary>Adds a second, third … signature over the same payload.</summary>
    public static DsseEnvelope CoSign(DsseEnvelope envelope, SigningKey key)
    {
        var signature = key.Sign(PreAuthenticationEncoding(envelope.PayloadType, envelope.Payload.Span));
        return envelope with { Signatures = [.. envelope.Signatures, new DsseSignature(key.KeyId, signature)] };
    }

    /// <summary>The payload, if at least <paramref name="threshold"/> different trusted keys signed it as this type.</summary>
    /// <remarks>A key counts once however often it signed; the key id is a hint only, an empty one tries every key.</remarks>
    public static Outcome<byte[]> Verify(
        DsseEnvelope envelope, IReadOnlyCollection<PublicKey> trusted, int threshold, string payloadType)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, 1);
        if (envelope.PayloadType != payloadType)
        {
            return new Refusal("trust.payload_type", $"The envelope is of type \"{envelope.PayloadType}\", not \"{payloadType}\".");
        }

        if (envelope.Signatures.Count == 0)
        {
            return new Refusal("trust.unsigned", "The envelope carries no signature.");
        }

        var encoded = PreAuthenticationEncoding(envelope.PayloadType, envelope.Payload.Span);
        var signers = new HashSet<string>(StringComparer.Ordinal);
        foreach (var signature in envelope.Signatures)
        {
            foreach (var key in trusted)
            {
                var mayBe = signature.KeyId.Length == 0 || signature.KeyId == key.KeyId;
                if (mayBe && !signers.Contains(key.KeyId) && key.Verify(encoded, signature.Signature.Span))
                {
                    signers.Add(key.KeyId);
                    break;
                }
            }
        }

        return signers.Count >= threshold
            ? envelope.Payload.ToArray()
            : new Refusal(
                "trust.signature_invalid",
                $"{signers.Count} of the {threshold} needed trusted signatures are valid; "
                + "the content was altered or signed by a key that is not trusted here.");
    }

    /// <summary>What is signed: <c>DSSEv1 LEN(type) type LEN(payload) payload</c>, lengths in decimal.</summary>
    internal static byte[] PreAuthenticationEncoding(string payloadType, ReadOnlySpan<byte> payload)
    {
        var type = Encoding.UTF8.GetBytes(payloadType);
        var head = string.Create(CultureInfo.InvariantCulture, $"DSSEv1 {type.Length} {payloadType} {payload.Length} ");
        var headBytes = Encoding.UTF8.GetBytes(head);
        var result = new byte[headBytes.Length + payload.Length];
        headBytes.CopyTo(result, 0);
        payload.CopyTo(result.AsSpan(headBytes.Length));
        return result;
    }
}
