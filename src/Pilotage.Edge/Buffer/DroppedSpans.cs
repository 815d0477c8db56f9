using Pilotage.Core.Contracts.Forwarding;

namespace Pilotage.Edge.Buffer;

/// <summary>Adds up what is dropped, topic by topic. A drop that goes on where an earlier one ended is one span with it; others among what is dropped are told as they are.</summary>
internal sealed class DroppedSpans
{
    // A batch tells so many gaps; what is beyond them is told as one.
    private const int GapsMax = ForwardBatch.GapsMax - 1;
    private readonly List<ForwardGap> _apart = [];
    private readonly Dictionary<string, ForwardGap> _topics = new(StringComparer.Ordinal);
    private readonly int _priority;
    private readonly long _replaces;
    private ForwardGap? _others;

    /// <param name="priority">Of all that is dropped.</param>
    /// <param name="before">A drop right behind which this one lies, at its offset; null where there is none.</param>
    public DroppedSpans(int priority, (long Offset, ForwardDrop Drop)? before)
    {
        (_priority, _replaces) = (priority, before?.Offset ?? -1);
        for (var i = 0; i < before?.Drop.Gaps.Count; i++)
        {
            var gap = before.Value.Drop.Gaps[i];
            if (i < before.Value.Drop.Apart)
            {
                AddApart(gap);
            }
            else
            {
                Add(gap);
            }
        }
    }

    /// <summary>Messages that are dropped, those of earlier drops included.</summary>
    public long Count { get; private set; }

    /// <summary>Adds a message.</summary>
    public void Add(ForwardedMessage message) =>
        Add(new ForwardGap(_priority, 1, message.EdgeReceiveNs, message.EdgeReceiveNs) { Topic = message.Topic });

    /// <summary>Adds an earlier drop, since which something was sent.</summary>
    public void Add(ForwardDrop drop)
    {
        foreach (var gap in drop.Gaps)
        {
            AddApart(gap);
        }
    }

    /// <summary>As an entry of the buffer.</summary>
    public ForwardDrop ToDrop(long cut, ReadOnlyMemory<byte> kept)
    {
        var others = _others is null ? 0 : 1;
        return new ForwardDrop(cut, _replaces, _apart.Count + others, [.. _apart, .. Enumerable.Repeat(_others!, others), .. _topics.Values], kept);
    }

    private void Add(ForwardGap gap)
    {
        if (gap.Topic is { } topic && _topics.TryGetValue(topic, out var known))
        {
            Count += gap.Count;
            _topics[topic] = Sum(known, gap);
        }
        else if (gap.Topic is { } another && _topics.Count + _apart.Count < GapsMax)
        {
            Count += gap.Count;
            _topics.Add(another, gap);
        }
        else
        {
            AddOthers(gap);
        }
    }

    private void AddApart(ForwardGap gap)
    {
        if (gap.Topic is null || _topics.Count + _apart.Count >= GapsMax)
        {
            AddOthers(gap);
            return;
        }

        Count += gap.Count;
        _apart.Add(gap);
    }

    private void AddOthers(ForwardGap gap)
    {
        Count += gap.Count;
        var any = gap with { Topic = null };
        _others = _others is null ? any : Sum(_others, any);
    }

    private static ForwardGap Sum(ForwardGap one, ForwardGap other) =>
        one with { Count = one.Count + other.Count, FirstNs = Math.Min(one.FirstNs, other.FirstNs), LastNs = Math.Max(one.LastNs, other.LastNs) };
}
