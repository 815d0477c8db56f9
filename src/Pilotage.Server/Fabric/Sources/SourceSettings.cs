namespace Pilotage.Server.Fabric.Sources;

/// <summary>A foreign broker and how it is read; nothing secret.</summary>
/// <param name="Topics">Filters that are subscribed to.</param>
/// <param name="Former">Filters that an earlier life of the source was subscribed to, and that the broker may remember.</param>
/// <param name="Qos">Asked for; the broker may grant less.</param>
/// <param name="Version">Of MQTT: <c>5</c> or <c>3.1.1</c>.</param>
/// <param name="ClientId">Names the session that the broker keeps.</param>
/// <param name="SessionHours">How long the broker is asked to keep it while we are away.</param>
/// <param name="CaPem">Roots to trust instead of the machine's.</param>
/// <param name="CertificatePem">The certificate that is shown.</param>
internal sealed record SourceSettings(
    string Name, string Url, IReadOnlyList<string> Topics, IReadOnlyList<string> Former, int Qos, string Version, string Mapping, string ClientId, int SessionHours, string? UserName, string? CaPem, string? CertificatePem);

/// <summary>What nobody is shown.</summary>
internal sealed record SourceSecrets(string? Password, string? KeyPem)
{
    /// <inheritdoc/>
    public override string ToString() => "(secret)";
}

/// <summary>A source as it is kept.</summary>
/// <param name="Paused">Why it is not read until somebody resumes it; null where it is.</param>
internal sealed record StoredSource(TenantId Tenant, SourceSettings Settings, SourceSecrets Secrets, string WrittenBy, long WrittenNs, string? Paused = null);
