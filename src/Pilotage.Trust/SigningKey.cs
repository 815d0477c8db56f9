using System.Security.Cryptography;
using Pilotage.Core.Durability;

namespace Pilotage.Trust;

/// <summary>An ECDSA P-256 private key that signs releases, baselines, approvals and attestations.</summary>
public sealed class SigningKey : IDisposable
{
    private readonly ECDsa _key;

    private SigningKey(ECDsa key, PublicKey publicKey)
    {
        _key = key;
        Public = publicKey;
    }

    /// <summary>The half that may be shown to everyone.</summary>
    public PublicKey Public { get; }

    /// <summary>The id signatures carry.</summary>
    public string KeyId => Public.KeyId;

    /// <summary>Makes a key that lives in memory only.</summary>
    public static SigningKey Create() => FromEcdsa(ECDsa.Create(ECCurve.NamedCurves.nistP256)).Value;

    /// <summary>Wraps a key the caller made, for example the one of its own certificate, and takes ownership of it.</summary>
    public static Outcome<SigningKey> FromEcdsa(ECDsa key)
    {
        var publicKey = PublicKey.FromSpki(key.ExportSubjectPublicKeyInfo());
        return publicKey.TryGet(out var known, out var refusal) ? new SigningKey(key, known) : refusal;
    }

    /// <summary>Opens a PKCS#8 PEM file, or makes a key and keeps it there: mode 0600, safe from power loss when this returns.</summary>
    public static Outcome<SigningKey> OpenOrCreate(IDurableDirectory folder, string name)
    {
        if (PrivateFile.Read(folder, name) is { } pem)
        {
            return FromPem(pem, name);
        }

        var created = Create();
        PrivateFile.Write(folder, name, created._key.ExportPkcs8PrivateKeyPem());
        return created;
    }

    /// <summary>Opens a PKCS#8 PEM file.</summary>
    public static Outcome<SigningKey> Open(string path) => FromPem(File.ReadAllText(path), path);

    private static Outcome<SigningKey> FromPem(string pem, string where)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            key.Dispose();
            return new Refusal("trust.key_malformed", $"{where} holds no ECDSA private key in PEM: {failure.Message}");
        }

        return FromEcdsa(key);
    }

    /// <summary>Signs bytes; the result is a DER signature over their SHA-256.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data) =>
        _key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <summary>The PKCS#8 PEM text, for the owner's own sealed storage.</summary>
    public string ExportPem() => _key.ExportPkcs8PrivateKeyPem();

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();
}
