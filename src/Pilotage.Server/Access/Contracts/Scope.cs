namespace Pilotage.Server.Access.Contracts;

/// <summary>How far a permission reaches on a route.</summary>
public enum Scope
{
    /// <summary>No credentials needed; the route says why in its declaration.</summary>
    Open,

    /// <summary>What belongs to the calling device itself.</summary>
    Device,

    /// <summary>What belongs to the caller's tenant; handlers take the tenant from the principal, never from the request.</summary>
    Tenant,

    /// <summary>The server as a whole.</summary>
    Server,
}
