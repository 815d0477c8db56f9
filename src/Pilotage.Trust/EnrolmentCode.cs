using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Pilotage.Trust;

/// <summary>What a new device is given: a one-time secret, and the fingerprint of the authority it must find.</summary>
/// <remarks>Written <c>pe1.&lt;secret, base64url&gt;.&lt;SHA-256 of the CA certificate, hex&gt;</c>; the server keeps the secret's hash only.</remarks>
public sealed record EnrolmentCode
{
    private const string Prefix = "pe1";
    private const int SecretBytes = 20;
    private readonly byte[] _secret;

    private EnrolmentCode(byte[] secret, Digest authority)
    {
        _secret = secret;
        Authority = authority;
    }

    /// <summary>Fingerprint of the CA certificate (DER) the device must be shown; anything else is an impostor.</summary>
    public Digest Authority { get; }

    /// <summary>What the server stores and looks the code up by.</summary>
    public Digest SecretHash => Digest.Of(_secret);

    /// <summary>Makes a code with 160 random bits.</summary>
    public static EnrolmentCode Create(Digest authority) => new(RandomNumberGenerator.GetBytes(SecretBytes), authority);

    /// <summary>Reads the written form.</summary>
    public static bool TryParse(string? text, out EnrolmentCode? code)
    {
        code = null;
        var parts = text?.Trim().Split('.') ?? [];
        if (parts.Length != 3 || parts[0] != Prefix || !Digest.TryParse("sha256:" + parts[2], out var authority))
        {
            return false;
        }

        var encoded = Encoding.ASCII.GetBytes(parts[1]);
        if (encoded.Length > 64 || !Base64Url.IsValid(encoded))
        {
            return false;
        }

        var secret = Base64Url.DecodeFromUtf8(encoded);
        if (secret.Length != SecretBytes)
        {
            return false;
        }

        code = new EnrolmentCode(secret, authority);
        return true;
    }

    /// <summary>The text a person types or a script passes on; it is a secret until it is used.</summary>
    public string Reveal() => $"{Prefix}.{Base64Url.EncodeToString(_secret)}.{Authority.Hex}";

    /// <summary>Hides the secret, so that a code in a log is harmless.</summary>
    public override string ToString() => $"{Prefix}.***.{Authority.Hex[..8]}";
}
