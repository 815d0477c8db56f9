using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Trust;

/// <summary>The public half of an ECDSA P-256 key; the only scheme this product accepts.</summary>
public sealed class PublicKey : IEquatable<PublicKey>
{
    /// <summary>What signatures are made with: ECDSA on P-256 over SHA-256, DER encoded.</summary>
    public const string Scheme = "ecdsa-sha2-nistp256";
    private const string Nistp256 = "1.2.840.10045.3.1.7";
    private readonly byte[] _spki;

    private PublicKey(byte[] spki)
    {
        _spki = spki;
        KeyId = Convert.ToHexStringLower(SHA256.HashData(spki));
    }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo, 64 hex digits.</summary>
    public string KeyId { get; }

    /// <summary>The SubjectPublicKeyInfo, DER.</summary>
    public ReadOnlyMemory<byte> Spki => _spki;

    /// <summary>Reads a SubjectPublicKeyInfo; any other algorithm or curve is refused.</summary>
    public static Outcome<PublicKey> FromSpki(ReadOnlySpan<byte> spki)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(spki, out var read);
            if (read != spki.Length || key.ExportParameters(false).Curve.Oid.Value != Nistp256)
            {
                return UnknownScheme();
            }

            return new PublicKey(key.ExportSubjectPublicKeyInfo());
        }
        catch (CryptographicException)
        {
            return UnknownScheme();
        }
    }

    /// <summary>Reads a <c>PUBLIC KEY</c> PEM block.</summary>
    public static Outcome<PublicKey> FromPem(string pem)
    {
        if (!PemEncoding.TryFind(pem, out var fields) || pem[fields.Label] != "PUBLIC KEY")
        {
            return new Refusal("trust.key_malformed", "Expected a PEM block labelled PUBLIC KEY.");
        }

        return FromSpki(Convert.FromBase64String(pem[fields.Base64Data]));
    }

    /// <summary>The key a certificate is about.</summary>
    public static Outcome<PublicKey> FromCertificate(X509Certificate2 certificate) =>
        FromSpki(certificate.PublicKey.ExportSubjectPublicKeyInfo());

    /// <summary>The PEM form, as stored beside trusted keys.</summary>
    public string ToPem() => PemEncoding.WriteString("PUBLIC KEY", _spki) + "\n";

    /// <summary>Whether this key made that signature over those bytes; malformed signatures are simply not valid.</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(_spki, out _);
        try
        {
            return key.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public bool Equals(PublicKey? other) => other is not null && KeyId == other.KeyId;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PublicKey);

    /// <inheritdoc/>
    public override int GetHashCode() => KeyId.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => KeyId;

    private static Refusal UnknownScheme() =>
        new("trust.key_scheme_unknown", $"The key is not {Scheme}; no other scheme is accepted.");
}
