using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Pilotage.Trust;

/// <summary>An envelope signed with the key of a device's certificate, and that certificate: whoever trusts the authority can check it.</summary>
public sealed record CertifiedEnvelope(DsseEnvelope Envelope, string CertificatePem)
{
    private const int CertificateCharsMax = 16 * 1024;

    /// <summary>Signs a payload as the device of a certificate.</summary>
    public static CertifiedEnvelope Sign(string payloadType, ReadOnlySpan<byte> payload, SigningKey key, X509Certificate2 certificate) =>
        new(Dsse.Sign(payloadType, payload, key), certificate.ExportCertificatePem());

    /// <summary>The envelope's JSON form with the certificate as one member more.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var envelope = JsonDocument.Parse(Envelope.ToJson());
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var member in envelope.RootElement.EnumerateObject())
            {
                member.WriteTo(writer);
            }

            writer.WriteString("certificate", CertificatePem);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads the JSON form; nothing is trusted by reading it.</summary>
    public static Outcome<CertifiedEnvelope> Parse(ReadOnlyMemory<byte> json)
    {
        if (!DsseEnvelope.Parse(json).TryGet(out var envelope, out var refusal))
        {
            return refusal;
        }

        using var document = JsonDocument.Parse(json);
        return document.RootElement.TryGetProperty("certificate", out var member) && member.ValueKind == JsonValueKind.String
            && member.GetString() is { Length: <= CertificateCharsMax } pem
            ? new CertifiedEnvelope(envelope, pem)
            : new Refusal("trust.certificate_missing", "The envelope does not carry the certificate of whoever signed it.");
    }

    /// <summary>The payload, and the device that signed it: chain, name and signature hold.</summary>
    public Outcome<CertifiedPayload> Verify(CertificateTrust trust, string payloadType)
    {
        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPem(CertificatePem);
        }
        catch (CryptographicException fault)
        {
            return new Refusal("trust.certificate", $"The certificate cannot be read: {fault.Message}");
        }

        using (certificate)
        {
            if (!trust.Check(certificate, PeerPurpose.Client).TryGet(out _, out var refusal))
            {
                return refusal;
            }

            if (!DeviceCertificate.TryRead(certificate, out var device))
            {
                return new Refusal("trust.certificate", "The certificate names no device.");
            }

            var digest = Digest.Of(certificate.RawData);
            return Trust.PublicKey.FromCertificate(certificate)
                .Then(key => Dsse.Verify(Envelope, [key], 1, payloadType))
                .Then<CertifiedPayload>(payload => new CertifiedPayload(payload, device!, digest));
        }
    }
}

/// <summary>A verified payload, who signed it, and the digest of the certificate they did it with.</summary>
public sealed record CertifiedPayload(byte[] Payload, DeviceCertificate Signer, Digest Certificate);
