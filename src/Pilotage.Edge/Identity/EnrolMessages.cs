namespace Pilotage.Edge.Identity;

/// <summary>What an edge shows to be let in for the first time.</summary>
internal sealed record EnrolRequest(string Code, string Csr, IReadOnlyList<string> Hosts, string Hardware);

/// <summary>Who it is from now on, and whom it believes.</summary>
internal sealed record EnrolResponse(
    string Tenant, string Device, string Path, string Certificate, string Authority, IReadOnlyList<string> ReleaseKeys);
