using System.Diagnostics.CodeAnalysis;
using Pilotage.Broker.Sessions;

namespace Pilotage.Broker.Topics;

/// <summary>
/// The retained messages of one tenant, as a tree of levels; not safe for threads, its owner holds a lock.
/// </summary>
internal sealed class RetainedStore
{
    private readonly Node _root = new();

    /// <summary>How many topics have a retained message.</summary>
    public int Count { get; private set; }

    /// <summary>Topic and payload bytes of them all.</summary>
    public long Bytes { get; private set; }

    /// <summary>The topic's message, if any.</summary>
    public StoredMessage? Get(string topic)
    {
        var node = _root;
        foreach (var level in topic.AsSpan().Split('/'))
        {
            if (!node.TryChild(topic.AsSpan()[level], out node))
            {
                return null;
            }
        }

        return node.Message;
    }

    /// <summary>Keeps the message in place of the one before.</summary>
    public void Set(StoredMessage message)
    {
        var node = _root;
        var topic = message.Topic;
        foreach (var level in topic.AsSpan().Split('/'))
        {
            node = node.Child(topic.AsSpan()[level]);
        }

        Count += node.Message is null ? 1 : 0;
        Bytes += message.Bytes - (node.Message?.Bytes ?? 0);
        node.Message = message;
    }

    /// <summary>Forgets the topic's message, if any.</summary>
    public void Remove(string topic) => Remove(_root, topic);

    /// <summary>Adds the messages that the filter matches and that have not expired; expired ones go.</summary>
    public void Match(string filter, long nowNs, List<StoredMessage> into)
    {
        var expired = new List<string>();
        Match(_root, filter, first: true, Take);
        foreach (var topic in expired)
        {
            Remove(topic);
        }

        void Take(StoredMessage message)
        {
            if (message.IsExpired(nowNs))
            {
                expired.Add(message.Topic);
            }
            else
            {
                into.Add(message);
            }
        }
    }

    /// <summary>Forgets all that has expired; tells how many that were.</summary>
    public int RemoveExpired(long nowNs)
    {
        var expired = All().Where(stored => stored.IsExpired(nowNs)).Select(stored => stored.Topic).ToList();
        expired.ForEach(Remove);
        return expired.Count;
    }

    /// <summary>Every message, in no particular order.</summary>
    public IEnumerable<StoredMessage> All()
    {
        var pending = new Stack<Node>([_root]);
        while (pending.TryPop(out var node))
        {
            if (node.Message is not null)
            {
                yield return node.Message;
            }

            foreach (var child in node.Children)
            {
                pending.Push(child.Value);
            }
        }
    }

    private static void Match(Node node, ReadOnlySpan<char> filter, bool first, Action<StoredMessage> take)
    {
        var slash = filter.IndexOf('/');
        var level = slash < 0 ? filter : filter[..slash];
        if (level is "#")
        {
            // The parent level belongs to "#", except that nothing stands above the first level.
            if (!first)
            {
                TakeOne(node, take);
            }

            MatchAll(node, first, take);
            return;
        }

        if (level is not "+")
        {
            if (node.TryChild(level, out var exact))
            {
                Descend(exact, slash, filter, take);
            }

            return;
        }

        foreach (var (name, child) in node.Children)
        {
            // MQTT-4.7.2-1 again.
            if (!first || !name.StartsWith('$'))
            {
                Descend(child, slash, filter, take);
            }
        }
    }

    private static void Descend(Node child, int slash, ReadOnlySpan<char> filter, Action<StoredMessage> take)
    {
        if (slash >= 0)
        {
            Match(child, filter[(slash + 1)..], first: false, take);
        }
        else
        {
            TakeOne(child, take);
        }
    }

    private static void MatchAll(Node node, bool first, Action<StoredMessage> take)
    {
        foreach (var (name, child) in node.Children)
        {
            if (!first || !name.StartsWith('$'))
            {
                TakeOne(child, take);
                MatchAll(child, first: false, take);
            }
        }
    }

    private static void TakeOne(Node node, Action<StoredMessage> take)
    {
        if (node.Message is not null)
        {
            take(node.Message);
        }
    }

    private void Remove(Node node, ReadOnlySpan<char> topic)
    {
        var slash = topic.IndexOf('/');
        var level = slash < 0 ? topic : topic[..slash];
        if (!node.TryChild(level, out var child))
        {
            return;
        }

        if (slash >= 0)
        {
            Remove(child, topic[(slash + 1)..]);
        }
        else if (child.Message is not null)
        {
            Count--;
            Bytes -= child.Message.Bytes;
            child.Message = null;
        }

        if (child.IsEmpty)
        {
            node.Drop(level);
        }
    }

    private sealed class Node
    {
        private static readonly Dictionary<string, Node> None = [];
        private Dictionary<string, Node>? _children;

        public StoredMessage? Message { get; set; }

        public Dictionary<string, Node> Children => _children ?? None;

        public bool IsEmpty => Message is null && Children.Count == 0;

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
            _children?.GetAlternateLookup<ReadOnlySpan<char>>().Remove(level);
    }
}
