namespace Pilotage.Server.Fabric.Ingest;

/// <summary>What became of a message.</summary>
/// <param name="Aside">Why it was kept aside, whole or in part, because it was not understood; null where it was.</param>
/// <param name="Rejected">Why nothing of it was taken; null where it was.</param>
internal readonly record struct Taken(string? Aside, Refusal? Rejected);
