using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Trust;

namespace Pilotage.Server.Access;

/// <summary>Finds out who is asking: a bearer token, or a device certificate on the HTTPS listener.</summary>
internal sealed class Authenticator(AdminToken token, SignIns signIns, ServerOptions options, IEnumerable<IDeviceStanding> standing)
{
    /// <summary>Set by the page at <c>/</c> from its sign-in link.</summary>
    public const string SessionCookie = Contracts.SessionCookie.Name;
    private const string Bearer = "Bearer ";
    private const string Basic = "Basic ";

    // What clients of InfluxDB say instead; the token is the same.
    private const string Token = "Token ";

    public Outcome<Principal> Identify(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (header.Length > 0)
        {
            var scheme = header.StartsWith(Token, StringComparison.Ordinal) ? Token : Bearer;
            var given = header.StartsWith(scheme, StringComparison.Ordinal) ? header[scheme.Length..].Trim() : Password(context, header);
            return given is not null && token.Matches(given)
                ? Administrator()
                : new Refusal("access.unauthenticated", "The bearer token is not valid here; the CLI reads it from DATA/admin.token.");
        }

        // A page in the browser cannot set headers; its cookie opens reads only, so a foreign page cannot act through it.
        if (HttpMethods.IsGet(context.Request.Method) && context.Request.Cookies[SessionCookie] is { } cookie && signIns.IsOpen(cookie))
        {
            return Administrator();
        }

        // Kestrel let the handshake pass only for a certificate that chains to a trusted root.
        return context.Connection.ClientCertificate is { } certificate ? OfDevice(certificate) : Principal.Anonymous;
    }

    /// <summary>The password of basic authentication, where the route takes it.</summary>
    private static string? Password(HttpContext context, string header)
    {
        if (!header.StartsWith(Basic, StringComparison.Ordinal) || context.GetEndpoint()?.Metadata.GetMetadata<TakesPassword>() is null)
        {
            return null;
        }

        var bytes = new byte[header.Length];
        return Convert.TryFromBase64String(header[Basic.Length..].Trim(), bytes, out var length) && Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2) is [_, var password]
            ? password
            : null;
    }

    private Principal Administrator() => new("admin", "administrator", new TenantId(options.Tenant), [Roles.Admin], null);

    private Outcome<Principal> OfDevice(X509Certificate2 certificate)
    {
        if (!DeviceCertificate.TryRead(certificate, out var identity))
        {
            return new Refusal("access.unauthenticated", "The client certificate names no device.");
        }

        var fingerprint = Digest.Of(certificate.RawData);
        foreach (var check in standing)
        {
            if (check.MayNot(identity!, fingerprint) is { } refusal)
            {
                return refusal;
            }
        }

        return new Principal(identity!.Device.Value, identity.Device.Value, identity.Tenant, [Roles.Device], identity.Device);
    }
}
