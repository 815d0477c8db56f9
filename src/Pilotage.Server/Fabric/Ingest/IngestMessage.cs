namespace Pilotage.Server.Fabric.Ingest;

/// <summary>A message on its way into the stores, whoever carried it.</summary>
/// <param name="EdgeNs">When the edge took it; the server's own time where there is no edge.</param>
/// <param name="Origin">Edge, log and offset when it was forwarded; else null.</param>
internal sealed record IngestMessage(
    string Topic,
    ReadOnlyMemory<byte> Payload,
    IReadOnlyList<(string Name, string Value)> UserProperties,
    long EdgeNs,
    long ReceivedNs,
    string? Origin)
{
    /// <summary>What the message says its payload is; null where it says nothing.</summary>
    public string? ContentType { get; init; }

    /// <summary>Whether the device itself was heard; false of what an operator sent in its name.</summary>
    public bool IsOfDevice { get; init; } = true;
}
