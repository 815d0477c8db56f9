namespace Pilotage.Server.Fabric.Unmapped;

/// <summary>A message of a topic that nothing maps; of a long one the beginning.</summary>
internal sealed record UnmappedSample(ReadOnlyMemory<byte> Payload, int Bytes, string? ContentType, bool IsRetained, long ReceivedNs)
{
    public bool IsCut => Payload.Length < Bytes;
}

/// <summary>A topic that nothing maps, and some of what came to it.</summary>
/// <param name="HasRule">Whether a rule takes the topic, and its device is what is missing.</param>
/// <param name="Why">Of the last message.</param>
internal sealed record UnmappedTopic(TenantId Tenant, string Source, string Topic, long Messages, long FirstNs, long LastNs, bool HasRule, string Why, IReadOnlyList<UnmappedSample> Samples);
