namespace Pilotage.Core.Contracts.Forwarding;

/// <summary>What a full buffer dropped: never silently, always counted (priority, how many, which span of edge time).</summary>
/// <param name="Priority">The declared priority of what was dropped; 0 is dropped last.</param>
/// <param name="Count">How many messages.</param>
/// <param name="FirstNs">Edge receive time of the first of them.</param>
/// <param name="LastNs">Edge receive time of the last of them.</param>
public sealed record ForwardGap(int Priority, long Count, long FirstNs, long LastNs)
{
    /// <summary>The topic of what was dropped; null where it is not known, or where there were too many to tell them apart.</summary>
    public string? Topic { get; init; }
}
