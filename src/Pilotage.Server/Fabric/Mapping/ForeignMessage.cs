namespace Pilotage.Server.Fabric.Mapping;

/// <summary>A message to a topic that is nobody's here.</summary>
/// <param name="IsRetained">Whether it was kept by the broker and is delivered anew.</param>
internal sealed record ForeignMessage(string Topic, ReadOnlyMemory<byte> Payload, string? ContentType, bool IsRetained, long ReceivedNs);
