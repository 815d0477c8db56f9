namespace Pilotage.Sdk.Devices;

/// <summary>What the other side answered to one message.</summary>
/// <param name="Stored">It is on disk there, or as safe as the listener promises; with a queue, on disk here.</param>
/// <param name="Reason">The reason when it is not; stable words such as <c>QuotaExceeded</c>.</param>
public readonly record struct PublishAnswer(bool Stored, string Reason);
