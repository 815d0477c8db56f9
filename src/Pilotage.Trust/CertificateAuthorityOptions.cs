namespace Pilotage.Trust;

/// <summary>How long what an authority issues is valid.</summary>
public sealed record CertificateAuthorityOptions
{
    /// <summary>Common name of a newly made authority.</summary>
    public string Name { get; init; } = "Pilotage device authority";

    /// <summary>Lifetime of the authority itself.</summary>
    public TimeSpan AuthorityLifetime { get; init; } = TimeSpan.FromDays(3650);

    /// <summary>Lifetime of a device certificate.</summary>
    public TimeSpan DeviceLifetime { get; init; } = TimeSpan.FromDays(397);

    /// <summary>Lifetime of a server certificate.</summary>
    public TimeSpan ServerLifetime { get; init; } = TimeSpan.FromDays(397);

    /// <summary>Validity begins this long before the issue, for peers whose clock is behind.</summary>
    public TimeSpan Backdate { get; init; } = TimeSpan.FromDays(1);
}
