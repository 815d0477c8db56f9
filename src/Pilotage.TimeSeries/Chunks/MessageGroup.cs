using Pilotage.Core.Contracts.Forwarding;

namespace Pilotage.TimeSeries.Chunks;

/// <summary>Messages of one topic that differ in their numbers alone.</summary>
internal sealed class MessageGroup(MessageGroup.Key key)
{
    // Those of a message follow those of the message before.
    private readonly List<(int Start, int Length)> _holes = [];

    /// <summary>What they share.</summary>
    /// <param name="Skeleton">See <see cref="Chunks.Skeleton"/>.</param>
    internal readonly record struct Key(string Topic, string? ContentType, bool Retain, string Skeleton);

    public Key Shared { get; } = key;

    public List<ForwardedMessage> Messages { get; } = [];

    /// <summary>The bytes that stand for a number in one of the messages.</summary>
    public ReadOnlySpan<byte> Token(int message, int hole)
    {
        var (start, length) = _holes[(message * (_holes.Count / Messages.Count)) + hole];
        return Messages[message].Payload.Span.Slice(start, length);
    }

    public void Add(ForwardedMessage message, IReadOnlyList<(int Start, int Length)> holes)
    {
        Messages.Add(message);
        _holes.AddRange(holes);
    }
}
