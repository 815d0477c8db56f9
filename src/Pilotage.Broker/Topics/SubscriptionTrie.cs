using System.Diagnostics.CodeAnalysis;

namespace Pilotage.Broker.Topics;

/// <summary>
/// Finds the subscriptions that match a topic, level by level; not safe for threads, its owner holds a lock.
/// </summary>
/// <typeparam name="TOwner">Whose subscriptions they are; compared by reference.</typeparam>
internal sealed class SubscriptionTrie<TOwner>
    where TOwner : class
{
    private readonly Node _root = new();

    /// <summary>How many subscriptions there are.</summary>
    public int Count { get; private set; }

    /// <summary>Counts what was added, replaced and removed; as long as it stands still every match stays the same.</summary>
    public ulong Changes { get; private set; }

    /// <summary>Adds or replaces; true when the owner had none with this filter.</summary>
    public bool Set(TOwner owner, Subscription subscription)
    {
        Changes++;
        var node = _root;
        foreach (var level in subscription.Filter.AsSpan().Split('/'))
        {
            node = node.Child(subscription.Filter.AsSpan()[level]);
        }

        for (var i = 0; i < node.Entries.Count; i++)
        {
            if (ReferenceEquals(node.Entries[i].Owner, owner))
            {
                node.Entries[i] = new(owner, subscription);
                return false;
            }
        }

        node.Entries.Add(new(owner, subscription));
        Count++;
        return true;
    }

    /// <summary>Removes; false when there was none. Branches left empty go too.</summary>
    public bool Remove(TOwner owner, string filter)
    {
        Changes++;
        var removed = Remove(_root, owner, filter);
        Count -= removed ? 1 : 0;
        return removed;
    }

    /// <summary>Adds every match to the list; an owner with several matching filters appears several times.</summary>
    public void Match(string topic, List<Entry> into) =>
        Match(_root, topic, dollar: topic.StartsWith('$'), into);

    private static void Match(Node node, ReadOnlySpan<char> rest, bool dollar, List<Entry> into)
    {
        // A wildcard in the first level does not match topics that begin with $ (MQTT-4.7.2-1).
        if (!dollar && node.TryChild("#", out var all))
        {
            into.AddRange(all.Entries);
        }

        var slash = rest.IndexOf('/');
        var level = slash < 0 ? rest : rest[..slash];
        if (node.TryChild(level, out var exact))
        {
            Descend(exact, slash, rest, into);
        }

        if (!dollar && node.TryChild("+", out var any))
        {
            Descend(any, slash, rest, into);
        }
    }

    private static void Descend(Node child, int slash, ReadOnlySpan<char> rest, List<Entry> into)
    {
        if (slash >= 0)
        {
            Match(child, rest[(slash + 1)..], dollar: false, into);
            return;
        }

        into.AddRange(child.Entries);

        // "a/#" matches its parent "a" too.
        if (child.TryChild("#", out var all))
        {
            into.AddRange(all.Entries);
        }
    }

    private static bool Remove(Node node, TOwner owner, ReadOnlySpan<char> filter)
    {
        var slash = filter.IndexOf('/');
        var level = slash < 0 ? filter : filter[..slash];
        if (!node.TryChild(level, out var child))
        {
            return false;
        }

        var removed = slash < 0
            ? child.Entries.RemoveAll(e => ReferenceEquals(e.Owner, owner)) > 0
            : Remove(child, owner, filter[(slash + 1)..]);
        if (child.IsEmpty)
        {
            node.Drop(level);
        }

        return removed;
    }

    /// <summary>A subscription with its owner.</summary>
    public readonly record struct Entry(TOwner Owner, Subscription Subscription);

    private sealed class Node
    {
        private Dictionary<string, Node>? _children;

        public List<Entry> Entries { get; } = [];

        public bool IsEmpty => Entries.Count == 0 && _children is not { Count: > 0 };

        public Node Child(ReadOnlySpan<char> level)
        {
            _children ??= new(StringComparer.Ordinal);
            if (!TryChild(level, out var child))
            {
                child = new();
                _children.Add(level.ToString(), child);
            }

            return child;
        }

        public bool TryChild(ReadOnlySpan<char> level, [NotNullWhen(true)] out Node? child)
        {
            child = null;
            return _children is not null
                && _children.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(level, out child);
        }

        public void Drop(ReadOnlySpan<char> level) =>
            _children!.GetAlternateLookup<ReadOnlySpan<char>>().Remove(level);
    }
}
