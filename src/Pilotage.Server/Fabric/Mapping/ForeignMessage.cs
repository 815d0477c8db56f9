namespace Pilotage.Server.Fabric.Mapping;

/// <summary>A message to a topic that is nobody's here.</summary>
/// <param name="IsRetained">Whether it was kept by the broker and is delivered anew.</param>
internal sealed record ForeignMessage(string Topic, ReadOnlyMemory<byte> Payload, string? ContentType, bool IsRetained, long ReceivedNs)
{
    /// <summary>Who sent it to our own gateway by a certificate; null where nobody showed one.</summary>
    public DeviceId? Speaker { get; init; }

    /// <summary>Whether it came to our own gateway, whose sender is told what cannot be read, so that nothing is kept for later.</summary>
    public bool IsOfGateway { get; init; }
}
