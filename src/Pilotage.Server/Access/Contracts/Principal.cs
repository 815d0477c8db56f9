using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace Pilotage.Server.Access.Contracts;

/// <summary>Who is asking, and for which tenant. Handlers take it as a parameter.</summary>
/// <param name="Id">Stable name for the audit: <c>admin</c>, <c>person:…</c> or the device id.</param>
/// <param name="Tenant">The only tenant whose things this caller can see.</param>
/// <param name="Roles">Names of roles, see <see cref="Roles"/>.</param>
/// <param name="Device">Set when a device speaks for itself by its certificate.</param>
public sealed record Principal(string Id, string DisplayName, TenantId Tenant, IReadOnlyList<string> Roles, DeviceId? Device)
{
    /// <summary>Nobody in particular; sees open routes only.</summary>
    public static Principal Anonymous { get; } = new("anonymous", "anonymous", new TenantId(""), [], null);

    /// <summary>Lets minimal-API handlers declare a <see cref="Principal"/> parameter.</summary>
    public static ValueTask<Principal> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return ValueTask.FromResult(context.Features.Get<Principal>() ?? Anonymous);
    }
}
