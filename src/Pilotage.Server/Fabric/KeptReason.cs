namespace Pilotage.Server.Fabric;

/// <summary>Why one of several things that something was to be done to stays as it was.</summary>
internal sealed record KeptReason(long Id, string Why);
