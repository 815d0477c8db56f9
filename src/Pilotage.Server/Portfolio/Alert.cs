namespace Pilotage.Server.Portfolio;

/// <summary>What a model saw, with the latest verdict of a person on it.</summary>
/// <param name="Rollout">Set when the release that raised it was on trial for this device.</param>
public sealed record Alert(
    string Id, string Device, string Ts, string Kind, double? Score, string? Release, string? Rollout, string State, Verdict? Verdict, long TimeNs)
{
    /// <summary>The verdict that the latest one replaced; null when nobody changed their mind.</summary>
    public Verdict? Previous { get; init; }

    /// <summary>The pipeline on the server that raised it; null where a release on an edge did. It says something of the device, and nothing of a use case.</summary>
    public string? Pipeline { get; init; }
}

/// <summary>What a person found at the machine; it becomes a label of the next dataset.</summary>
/// <param name="Answer">right, wrong or unsure.</param>
public sealed record Verdict(string Alert, string Answer, string? Cause, string? Note, string Person, long AtNs);
