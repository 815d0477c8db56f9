using System.Diagnostics.Metrics;
using Pilotage.Server.Fabric.Mapping;

namespace Pilotage.Server.Fabric.Unmapped;

/// <summary>Topics that nothing maps, in memory and bounded: the one that was quiet longest goes first.</summary>
internal sealed class UnmappedBook
{
    /// <summary>Most topics, of all sources.</summary>
    public const int TopicsMax = 1_000;

    /// <summary>Messages of a topic that are kept, the newest.</summary>
    public const int SamplesMax = 5;

    /// <summary>Bytes of a message that are kept.</summary>
    public const int SampleBytesMax = 4 * 1024;

    /// <summary>Most bytes of all samples and topics.</summary>
    public const int BytesMax = 4 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<(TenantId, string, string), LinkedListNode<Entry>> _known = [];
    private readonly LinkedList<Entry> _byLast = new();
    private readonly Counter<long> _dropped;
    private long _bytes;

    public UnmappedBook(IMeterFactory meters)
    {
        var meter = meters.Create("Pilotage.Server");
        meter.CreateObservableGauge("pilotage.unmapped.topics", () => Count, "{topic}", "Topics of foreign brokers that nothing maps, as many as are remembered.");
        _dropped = meter.CreateCounter<long>("pilotage.unmapped.topics.dropped", "{topic}", "Topics that nothing maps and that were forgotten again, because there were too many, or not noted, because their name is too long.");
        _dropped.Add(0);
    }

    private int Count
    {
        get
        {
            lock (_gate)
            {
                return _known.Count;
            }
        }
    }

    /// <summary>Notes a message.</summary>
    public void Add(TenantId tenant, string source, ForeignMessage message, bool hasRule, string why)
    {
        if (message.Topic.Length > TopicPattern.CharsMax)
        {
            _dropped.Add(1);
            return;
        }

        var kept = message.Payload[..Math.Min(message.Payload.Length, SampleBytesMax)].ToArray();
        lock (_gate)
        {
            if (!_known.TryGetValue((tenant, source, message.Topic), out var node))
            {
                node = new LinkedListNode<Entry>(new Entry(tenant, source, message.Topic, message.ReceivedNs));
                _known.Add((tenant, source, message.Topic), node);
                _bytes += node.Value.Bytes;
            }
            else
            {
                _byLast.Remove(node);
            }

            _byLast.AddLast(node);
            _bytes -= node.Value.Bytes;
            node.Value.Add(new UnmappedSample(kept, message.Payload.Length, message.ContentType, message.IsRetained, message.ReceivedNs), hasRule, why);
            _bytes += node.Value.Bytes;
            while (_known.Count > TopicsMax || _bytes > BytesMax)
            {
                Drop(_byLast.First!);
                _dropped.Add(1);
            }
        }
    }

    /// <summary>The topics of a tenant, by source and name.</summary>
    public IReadOnlyList<UnmappedTopic> All(TenantId tenant, string? source)
    {
        lock (_gate)
        {
            return
            [
                .. _byLast.Where(entry => entry.Tenant == tenant && (source is null || entry.Source == source)).Select(entry => entry.Shown())
                    .OrderBy(topic => topic.Source, StringComparer.Ordinal).ThenBy(topic => topic.Topic, StringComparer.Ordinal),
            ];
        }
    }

    /// <summary>Forgets what a source had, or one topic of it.</summary>
    public void Forget(TenantId tenant, string source, string? topic = null)
    {
        lock (_gate)
        {
            foreach (var node in _known.Values.Where(node => node.Value.Tenant == tenant && node.Value.Source == source && (topic is null || node.Value.Topic == topic)).ToList())
            {
                Drop(node);
            }
        }
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        _byLast.Remove(node);
        _known.Remove((node.Value.Tenant, node.Value.Source, node.Value.Topic));
        _bytes -= node.Value.Bytes;
    }

    private sealed class Entry(TenantId tenant, string source, string topic, long firstNs)
    {
        // What an entry takes beside its texts and samples, about.
        private const int OverheadBytes = 256;
        private readonly Queue<UnmappedSample> _samples = new();
        private long _messages;
        private long _lastNs;
        private bool _hasRule;
        private string _why = "";

        public TenantId Tenant => tenant;

        public string Source => source;

        public string Topic => topic;

        public int Bytes { get; private set; } = OverheadBytes + (2 * topic.Length);

        public void Add(UnmappedSample sample, bool hasRule, string why)
        {
            (_lastNs, _hasRule, _why) = (sample.ReceivedNs, hasRule, why);
            _messages++;
            _samples.Enqueue(sample);
            Bytes += sample.Payload.Length;
            if (_samples.Count > SamplesMax)
            {
                Bytes -= _samples.Dequeue().Payload.Length;
            }
        }

        public UnmappedTopic Shown() => new(tenant, source, topic, _messages, firstNs, _lastNs, _hasRule, _why, [.. _samples]);
    }
}
