using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Pilotage.Core.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric;

/// <summary>
/// The topics of devices that messages came to since the server started: how many, when the last one, and what is found out
/// about a topic once rather than with every message. In memory.
/// </summary>
internal sealed class TopicBook
{
    private readonly ConcurrentDictionary<string, Entry> _topics = new(StringComparer.Ordinal);
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

    /// <summary>What is known of a topic; nothing of one that no message came to, or of one too many.</summary>
    public Entry? Find(string topic) => _topics.GetValueOrDefault(topic);

    /// <summary>A topic taken apart, from memory where it is known.</summary>
    public bool TryPath(string topic, [NotNullWhen(true)] out TopicPath? path)
    {
        path = Find(topic)?.Path;
        return path is not null || TopicPath.TryParse(topic, out path);
    }

    /// <summary>Counts one message to a device's topic; of a topic too many, only that there was one.</summary>
    public void Count(string topic, long receivedNs)
    {
        if (!_topics.TryGetValue(topic, out var entry))
        {
            if (!TopicPath.TryParse(topic, out var path))
            {
                return;
            }

            if (Interlocked.Increment(ref _known) > _topicsMax)
            {
                Interlocked.Decrement(ref _known);
                _uncounted.Add(1);
                return;
            }

            var made = new Entry(path);
            entry = _topics.GetOrAdd(topic, made);
            if (entry != made)
            {
                Interlocked.Decrement(ref _known);
            }
        }

        entry.Add(receivedNs);
    }

    /// <summary>The levels below a prefix, each before those below it; none where no message ever came.</summary>
    public IEnumerable<Level> Read(TenantId tenant, string? prefix, int depthMax)
    {
        var root = new Node();
        foreach (var (topic, entry) in _topics)
        {
            if (entry.Path.Tenant == tenant && (prefix is null || topic == prefix || topic.StartsWith(prefix + "/", StringComparison.Ordinal)))
            {
                root.Add(prefix, prefix is null ? topic : topic[prefix.Length..].TrimStart('/'), entry);
            }
        }

        return root.Walk(0, depthMax);
    }

    /// <summary>A topic that messages came to.</summary>
    internal sealed class Entry(TopicPath path)
    {
        private volatile Place? _place;
        private volatile TelemetryLayout _layout = TelemetryLayout.Empty;
        private volatile Admission.Admitted? _admitted;
        private long _messages;
        private long _lastNs;

        public TopicPath Path => path;

        /// <summary>Names in its last message of telemetry.</summary>
        public TelemetryLayout Layout
        {
            get => _layout;
            set => _layout = value;
        }

        /// <summary>What was found out about the layout of a message of it.</summary>
        public Admission.Admitted? Admitted
        {
            get => _admitted;
            set => _admitted = value;
        }

        public long Messages => Interlocked.Read(ref _messages);

        public long LastNs => Interlocked.Read(ref _lastNs);

        /// <summary>The device at its path, looked up anew when the fleet has changed.</summary>
        public Device? DeviceIn(IFleet fleet)
        {
            // Read before the look-up, so that a change in between is seen the next time.
            var version = fleet.Version;
            var place = _place;
            if (place is null || place.Version != version)
            {
                _place = place = new(version, fleet.FindByPath(path.Tenant, path.DevicePath));
            }

            return place.Device;
        }

        public void Add(long receivedNs)
        {
            Interlocked.Increment(ref _messages);
            Interlocked.Exchange(ref _lastNs, receivedNs);
        }
    }

    private sealed record Place(long Version, Device? Device);

    private sealed class Node
    {
        private readonly SortedDictionary<string, Node> _below = new(StringComparer.Ordinal);
        private string _topic = "";
        private int _topics;
        private long _messages;
        private long _lastNs;

        /// <summary>Adds a topic: where one looks as one level, then each level below it.</summary>
        public void Add(string? prefix, string rest, Entry entry)
        {
            var at = this;
            var (messages, lastNs) = (entry.Messages, entry.LastNs);
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
