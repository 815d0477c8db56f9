using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric;

/// <summary>How many messages each topic has had since the server started, and when the last one came; in memory.</summary>
internal sealed class TopicBook
{
    private readonly ConcurrentDictionary<(TenantId Tenant, string Topic), Tally> _topics = new();
    private readonly int _topicsMax;
    private readonly Counter<long> _uncounted;
    private int _known;

    public TopicBook(ServerOptions options, IMeterFactory meters)
    {
        _topicsMax = options.TopicsCountedMax;
        _uncounted = meters.Create("Pilotage.Server").CreateCounter<long>(
            "pilotage.ingest.messages.uncounted", "{message}", "Messages whose topic is beyond the number of topics that are counted one by one.");
        _uncounted.Add(0);
    }

    /// <summary>One level of the topics, the whole topic included.</summary>
    /// <param name="Depth">How far below where one looks, from 0 on.</param>
    /// <param name="Topics">Topics at and below it.</param>
    internal sealed record Level(string Topic, int Depth, int Topics, long Messages, long LastNs);

    /// <summary>Counts one message; of a topic too many, only that there was one.</summary>
    public void Count(TenantId tenant, string topic, long receivedNs)
    {
        if (!_topics.TryGetValue((tenant, topic), out var tally))
        {
            if (Interlocked.Increment(ref _known) > _topicsMax)
            {
                Interlocked.Decrement(ref _known);
                _uncounted.Add(1);
                return;
            }

            var made = new Tally();
            tally = _topics.GetOrAdd((tenant, topic), made);
            if (tally != made)
            {
                Interlocked.Decrement(ref _known);
            }
        }

        tally.Add(receivedNs);
    }

    /// <summary>The levels below a prefix, each before those below it; none where no message ever came.</summary>
    public IEnumerable<Level> Read(TenantId tenant, string? prefix, int depthMax)
    {
        var root = new Node();
        foreach (var ((owner, topic), tally) in _topics)
        {
            if (owner == tenant && (prefix is null || topic == prefix || topic.StartsWith(prefix + "/", StringComparison.Ordinal)))
            {
                root.Add(prefix, prefix is null ? topic : topic[prefix.Length..].TrimStart('/'), tally);
            }
        }

        return root.Walk(0, depthMax);
    }

    private sealed class Tally
    {
        private long _messages;
        private long _lastNs;

        public long Messages => Interlocked.Read(ref _messages);

        public long LastNs => Interlocked.Read(ref _lastNs);

        public void Add(long receivedNs)
        {
            Interlocked.Increment(ref _messages);
            Interlocked.Exchange(ref _lastNs, receivedNs);
        }
    }

    private sealed class Node
    {
        private readonly SortedDictionary<string, Node> _below = new(StringComparer.Ordinal);
        private string _topic = "";
        private int _topics;
        private long _messages;
        private long _lastNs;

        /// <summary>Adds a topic: where one looks as one level, then each level below it.</summary>
        public void Add(string? prefix, string rest, Tally tally)
        {
            var at = this;
            var (messages, lastNs) = (tally.Messages, tally.LastNs);
            string[] levels = [.. prefix is null ? [] : new[] { prefix }, .. rest.Length == 0 ? [] : rest.Split('/')];
            foreach (var level in levels)
            {
                if (!at._below.TryGetValue(level, out var below))
                {
                    below = new Node { _topic = at._topic.Length == 0 ? level : $"{at._topic}/{level}" };
                    at._below.Add(level, below);
                }

                below._topics++;
                below._messages += messages;
                below._lastNs = Math.Max(below._lastNs, lastNs);
                at = below;
            }
        }

        public IEnumerable<Level> Walk(int depth, int depthMax)
        {
            foreach (var below in _below.Values)
            {
                yield return new Level(below._topic, depth, below._topics, below._messages, below._lastNs);
                foreach (var deeper in depth + 1 < depthMax ? below.Walk(depth + 1, depthMax) : [])
                {
                    yield return deeper;
                }
            }
        }
    }
}
