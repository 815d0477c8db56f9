using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Trust;

/// <summary>Whose certificate it is, read from its one SAN URI <c>urn:pilotage:&lt;tenant&gt;:device:&lt;id&gt;</c>.</summary>
/// <remarks>A certificate names a device, never a place. Reading proves nothing: check the chain first.</remarks>
public sealed record DeviceCertificate(TenantId Tenant, DeviceId Device)
{
    private const string Scheme = "urn:pilotage:";
    private const string SubjectAlternativeName = "2.5.29.17";
    private const byte UriTag = 0x86;

    /// <summary>The URI that goes into the certificate.</summary>
    public string Uri => $"{Scheme}{Tenant}:device:{Device}";

    /// <summary>Reads the identity; a certificate with none, or with two, names nobody.</summary>
    public static bool TryRead(X509Certificate2 certificate, out DeviceCertificate? identity)
    {
        identity = null;
        var extension = certificate.Extensions[SubjectAlternativeName];
        if (extension is null)
        {
            return false;
        }

        foreach (var uri in Uris(extension.RawData))
        {
            if (!uri.StartsWith(Scheme, StringComparison.Ordinal))
            {
                continue;
            }

            if (identity is not null || Parse(uri) is not { } read)
            {
                identity = null;
                return false;
            }

            identity = read;
        }

        return identity is not null;
    }

    private static DeviceCertificate? Parse(string uri)
    {
        var parts = uri[Scheme.Length..].Split(':');
        return parts.Length == 3 && parts[1] == "device" && IsName(parts[0]) && IsName(parts[2])
            ? new DeviceCertificate(new TenantId(parts[0]), new DeviceId(parts[2]))
            : null;
    }

    private static bool IsName(string text) =>
        text.Length is > 0 and <= 128 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static List<string> Uris(byte[] extension)
    {
        var found = new List<string>();
        try
        {
            var reader = new AsnReader(extension, AsnEncodingRules.DER);
            var names = reader.ReadSequence();
            while (names.HasData)
            {
                var tag = names.PeekTag();
                var value = names.ReadEncodedValue();
                if (tag.TagClass == TagClass.ContextSpecific && tag.TagValue == (UriTag & 0x1F))
                {
                    var text = new AsnReader(value, AsnEncodingRules.DER);
                    found.Add(text.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                }
            }
        }
        catch (AsnContentException)
        {
            found.Clear();
        }

        return found;
    }
}
