namespace Pilotage.Server.Rollouts.Contracts;

/// <summary>What later modules may ask about releases and rollouts.</summary>
public interface IRollouts
{
    /// <summary>All rollouts of a tenant, newest first.</summary>
    IReadOnlyList<RolloutSummary> List(TenantId tenant);

    /// <summary>The release that speaks for a device in a use case, or null.</summary>
    ReleaseId? PrimaryOf(TenantId tenant, DeviceId device, UseCaseId useCase);
}

/// <summary>One rollout in short.</summary>
/// <param name="Touched">Devices that were ever offered the release: the blast radius as it was.</param>
public sealed record RolloutSummary(
    RolloutId Rollout, ReleaseId Release, UseCaseId UseCase, string Status, string Cause, int WavesPassed, int Targets, int Touched, long StartedNs, long? EndedNs)
{
    /// <summary>What it is for, in the words of who started it.</summary>
    public string? Note { get; init; }
}
