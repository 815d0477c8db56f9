using Pilotage.Core;

namespace Pilotage.Broker;

/// <summary>
/// Who a connection speaks for, as decided when it connected; it never changes while the connection lasts.
/// </summary>
/// <param name="Tenant">Owner of the session; nothing crosses from one tenant to another.</param>
/// <param name="ClientId">Unique within the tenant; a second connection with it takes the first one's session
/// over.</param>
/// <param name="Device">The device the certificate names, if any.</param>
/// <param name="Role">A word of the host's, for example <c>device</c>, <c>edge</c> or <c>service</c>.</param>
/// <param name="Listener">Name of the listener it came in by.</param>
public sealed record ClientIdentity(TenantId Tenant, string ClientId, DeviceId? Device, string Role, string Listener);
