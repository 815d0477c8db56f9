using System.Diagnostics.Metrics;
using Pilotage.Broker;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Server.Fabric.Agreements;
using Pilotage.Server.Fabric.Findings;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Stores messages. A task of it that completes means: on disk, acknowledge now; one that throws means: do not.</summary>
internal sealed class Ingestion : IAsyncDisposable
{
    private const int CommitMax = 4_096;
    private const int BatchPointsMax = 50_000;
    private readonly IFleet _fleet;
    private readonly IPresences _presences;
    private readonly TimeSeriesStore _store;
    private readonly Admission _admission;
    private readonly EventStore _events;
    private readonly LiveFeed _live;
    private readonly TopicBook _topics;
    private readonly StorageRefusals _refusals;
    private readonly QualityWatch _quality;
    private readonly Quarantine _quarantine;
    private readonly GroupCommit<PointGathering> _points;
    private readonly Counter<long> _stored;
    private readonly Counter<long> _bad;
    private readonly Counter<long> _dropped;

    public Ingestion(
        IFleet fleet,
        IPresences presences,
        TimeSeriesStore store,
        EventStore events,
        LiveFeed live,
        TopicBook topics,
        StorageRefusals refusals,
        QualityWatch quality,
        ContractJudge contracts,
        Quarantine quarantine,
        StatedUnits units,
        TimeProvider time,
        IMeterFactory meters)
    {
        _fleet = fleet;
        _presences = presences;
        _store = store;
        _admission = new Admission(store, contracts, units);
        _events = events;
        _live = live;
        _topics = topics;
        _refusals = refusals;
        _quality = quality;
        _quarantine = quarantine;
        _points = new(CommitAsync, CommitMax, time);
        var meter = meters.Create("Pilotage.Server");
        _stored = meter.CreateCounter<long>("pilotage.ingest.messages.stored", "{message}", "Messages stored and acknowledged.");
        _bad = meter.CreateCounter<long>("pilotage.ingest.messages.bad", "{message}", "Messages kept aside because they were not understood.");
        _dropped = meter.CreateCounter<long>("pilotage.ingest.messages.dropped", "{message}", "Messages that full buffers of edges dropped, as the edges told, by priority.");
        _stored.Add(0);
        _bad.Add(0);
        DroppedData.Names.ToList().ForEach(name => _dropped.Add(0, new KeyValuePair<string, object?>("priority", name)));
    }

    /// <summary>
    /// Fast path: stores one message of telemetry to a topic that has had messages before. Queued before it returns, so that
    /// order is kept; nothing of the payload is needed afterwards. Nothing when it has to go the long way.
    /// </summary>
    public Task<PublishDecision>? TryStore(Device device, TopicBook.Entry topic, ReadOnlySpan<byte> payload, long receivedNs)
    {
        var layout = topic.Layout;
        if (_live.IsWatched || _admission.Binds(device) || !PlainTelemetry.TryRead(payload, receivedNs, ref layout, out var timeNs, out var values))
        {
            return null;
        }

        topic.Layout = layout;
        if (topic.Admitted is not { } admitted || !admitted.IsOf(device.Id, layout))
        {
            topic.Admitted = admitted = _admission.Of(device, layout);
        }

        if (!admitted.Fits)
        {
            return null;
        }

        topic.Add(receivedNs);
        _presences.Reported(device.Tenant, device.Id, receivedNs);
        using var entry = _points.Enter();
        var points = entry.Batch.Points;
        if (admitted.Kinds.Length == 0)
        {
            points.AddRow(device.Tenant, device.Id, timeNs, receivedNs, layout.Properties, values, Quality.Good);
        }
        else
        {
            points.AddRow(device.Tenant, device.Id, timeNs, receivedNs, layout.Properties, values, admitted.Kinds, Quality.Good);
        }

        return entry.Batch.Told;
    }

    /// <summary>
    /// Stores one message of a known device. Queued before the first await, so that order is kept. Answers why it was kept
    /// aside, if it was not understood, or why nothing of it was taken.
    /// </summary>
    public Task<Taken> StoreAsync(Device device, TopicPath path, IngestMessage message) => StoreAsync(Fit(DecodedMessage.Of(device, path, message)));

    /// <summary>The same of one that was decoded, and fits.</summary>
    public async Task<Taken> StoreAsync(DecodedMessage decoded)
    {
        if (decoded.Rejected is { } rejected)
        {
            return new Taken(null, rejected);
        }

        var points = decoded.Rows.Count > 0 ? AddAsync(decoded) : Task.CompletedTask;
        var others = StoreOthersAsync(decoded);
        await points;
        await others;
        if (decoded.Rows.Count == 0)
        {
            // Those with points are counted with their commit.
            _stored.Add(1);
        }

        Told(decoded);
        return new Taken(decoded.Fault, null);
    }

    /// <summary>Stores what an edge hands on: events first, each once by its id, then all points and the mark in one commit.</summary>
    /// <remarks>Killed in between, the edge sends again: events are known by id, points come with the mark or not at all.</remarks>
    public async Task StoreAsync(Device edge, ForwardBatch batch, long receivedNs)
    {
        var known = _store.HighWater(batch.Edge, batch.LogId) ?? -1;
        var decoded = new List<DecodedMessage>();
        foreach (var forwarded in batch.Messages)
        {
            if (forwarded.Offset > known && Decode(edge, batch, forwarded, receivedNs) is { } message)
            {
                decoded.Add(message);
            }
        }

        await Task.WhenAll(decoded.Select(StoreOthersAsync).Append(TellDroppedAsync(edge, batch, receivedNs)));
        if (batch.NextOffset - 1 > known)
        {
            var points = new PointBatch();
            decoded.ForEach(message => message.AddTo(points));
            var mark = new ForwardMark(batch.Edge, batch.LogId, batch.NextOffset - 1);
            if (await _store.AppendAsync(points, mark, CancellationToken.None) == Appended.Stored)
            {
                _quality.Offer(points);
            }
        }

        _stored.Add(decoded.Count);
        decoded.ForEach(Told);
    }

    /// <summary>Leaves out of a message what does not fit the series that are there, and says the first of it.</summary>
    public DecodedMessage Fit(DecodedMessage decoded) => decoded.Fit(_admission);

    /// <summary>Stores points that were judged already.</summary>
    public Task StoreAsync(PointBatch batch) => batch.Count == 0 ? Task.CompletedTask : AppendAsync(batch);

    /// <summary>Lets rows go straight into batches; null while somebody watches and has to be told each.</summary>
    public Admission? Direct => _live.IsWatched ? null : _admission;

    /// <summary>Stores rows that went straight into batches.</summary>
    public async Task StoreAsync(DirectRows rows, long receivedNs)
    {
        foreach (var batch in rows.Batches)
        {
            await AppendAsync(batch);
        }

        _stored.Add(rows.Rows);
        foreach (var device in rows.Devices)
        {
            _presences.Reported(device.Tenant, device.Id, receivedNs);
            _topics.Count(TopicPath.Of(device.Path, TopicClass.Telemetry), receivedNs);
        }
    }

    /// <summary>Stores rows that fit and came over HTTP, of however many devices; in commits of their own, because a body holds many.</summary>
    public async Task StoreAsync(IReadOnlyList<DecodedMessage> messages)
    {
        // All of one body was received at once.
        var receivedNs = messages.Count == 0 ? 0 : messages[0].Message.ReceivedNs;
        await _quarantine.KeepAsync([.. messages.SelectMany(message => message.Held)]);
        var batch = new PointBatch { ReceivedNs = receivedNs };
        foreach (var message in messages)
        {
            foreach (var row in message.Rows)
            {
                message.AddTo(batch, row);
                if (batch.Count >= BatchPointsMax)
                {
                    await AppendAsync(batch);
                    batch = new PointBatch { ReceivedNs = receivedNs };
                }
            }
        }

        if (batch.Count > 0)
        {
            await AppendAsync(batch);
        }

        foreach (var message in messages)
        {
            _stored.Add(message.Rows.Count);
            Told(message);
        }
    }

    public ValueTask DisposeAsync() => _points.DisposeAsync();

    private DecodedMessage? Decode(Device edge, ForwardBatch batch, ForwardedMessage forwarded, long receivedNs)
    {
        var origin = $"{batch.Edge}/{batch.LogId}/{forwarded.Offset}";
        var message = new IngestMessage(
            forwarded.Topic, forwarded.Payload, forwarded.UserProperties, forwarded.EdgeReceiveNs, receivedNs, origin) { ContentType = forwarded.ContentType };

        // The edge speaks for itself and for devices attached to it; anything else is kept as the edge's own bad message.
        if (TopicPath.TryParse(forwarded.Topic, out var path)
            && _fleet.FindByPath(edge.Tenant, path.DevicePath) is { } device
            && (device.Id == edge.Id || device.Edge == edge.Id))
        {
            // The edge learns of it with its next desired state; until then, and for what it had stored, this is the door.
            if (device.Status == DeviceStatus.Revoked)
            {
                return DecodedMessage.NotUnderstood(device, message, $"the device {device.Id} was revoked");
            }

            // The edge acknowledged it long ago, so what a contract lets in no more is kept aside.
            var decoded = DecodedMessage.Of(device, path, message).Fit(_admission);
            return decoded.Rejected is { } rejected ? DecodedMessage.NotUnderstood(device, message, rejected.Message) : decoded;
        }

        return DecodedMessage.NotUnderstood(edge, message, $"the edge {edge.Id} does not speak for a device at this topic");
    }

    /// <summary>What a full buffer of the edge dropped is an event of the device that it was of, once, however often the batch comes.</summary>
    private async Task TellDroppedAsync(Device edge, ForwardBatch batch, long receivedNs)
    {
        var events = batch.Gaps.Select(gap => DroppedData.Of(edge, batch.LogId, gap, _fleet, receivedNs)).ToList();
        await Task.WhenAll(events.Select(async (one, place) =>
        {
            if (await _events.RecordAsync(one, CancellationToken.None))
            {
                _dropped.Add(batch.Gaps[place].Count, new KeyValuePair<string, object?>("priority", DroppedData.NameOf(batch.Gaps[place].Priority)));
            }
        }));
    }

    private Task AddAsync(DecodedMessage decoded)
    {
        using var entry = _points.Enter();
        decoded.AddTo(entry.Batch.Points);
        return entry.Done;
    }

    private async Task CommitAsync(PointGathering gathering, int messages)
    {
        try
        {
            await AppendAsync(gathering.Points);
        }
        catch (Exception failure)
        {
            gathering.Tell(_refusals.Of(failure));
            throw;
        }

        _stored.Add(messages);
        gathering.Tell(PublishDecision.Accepted);
    }

    /// <summary>Commits a batch; what is committed is looked at, and nobody waits for that.</summary>
    private async Task AppendAsync(PointBatch batch)
    {
        await _store.AppendAsync(batch, null, CancellationToken.None);
        _quality.Offer(batch);
    }

    private async Task StoreOthersAsync(DecodedMessage decoded)
    {
        await _quarantine.KeepAsync(decoded.Held);
        if (decoded.Event is { } recorded)
        {
            await _events.RecordAsync(recorded, CancellationToken.None);
        }

        if (decoded.Report is { } report)
        {
            await _events.ReportAsync(report, decoded.Subject);
        }

        if (decoded.Fault is not null)
        {
            await _events.KeepAsync(decoded.ToBad());
            _bad.Add(1);
        }
    }

    private void Told(DecodedMessage decoded)
    {
        var (device, message) = (decoded.Device, decoded.Message);
        if (message.IsOfDevice)
        {
            _presences.Reported(device.Tenant, device.Id, message.ReceivedNs);
        }

        _topics.Count(message.Topic, message.ReceivedNs);
        _live.Telemetry(decoded);
        _live.Message(device.Tenant, device.Id, message.Topic, message.Payload, message.ReceivedNs);
    }
}
