using Microsoft.Extensions.Logging;
using Pilotage.Core.Durability;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk.Outbound;

/// <content>Opening what an earlier life of the program left.</content>
internal sealed partial class OutboundQueue
{
    private const int SegmentBytesLeast = 64 * 1024;
    private const int SegmentBytesMost = 1024 * 1024;

    // A file goes when nothing in it is needed any more: small ones go soon.
    private const int SegmentShare = 32;

    private string _clientId = "";

    private OutboundQueue(
        IDurableDirectory directory,
        FolderLock? held,
        CommitLog log,
        int segmentBytes,
        MqttQueueOptions options,
        TimeProvider time,
        ILogger logger,
        Action<MqttQueueLoss>? onLoss)
    {
        (_directory, _held, _log, _options, _time, _logger, _onLoss) = (directory, held, log, options, time, logger, onLoss);
        _reserve = new(directory, segmentBytes);
        _segmentBytes = segmentBytes;
        _keptBytesMax = options.BytesMax + Math.Max(options.BytesMax / 2, 4 * segmentBytes);
        _marks.Enqueue((log.FirstSequence, 0));
        Load();
    }

    /// <summary>
    /// Whether this side knows all that the broker's session may know of its messages; else the next connection begins a new one,
    /// or a message could go out under an identifier that the broker holds for taken (MQTT 5.0, 3.2.2-5).
    /// </summary>
    public bool HasSession { get; private set; }

    /// <summary>Opens the folder of the options.</summary>
    /// <exception cref="MqttQueueException">It cannot be used; the fault says why.</exception>
    public static async Task<OutboundQueue> OpenAsync(MqttQueueOptions options, string clientId, TimeProvider time, ILogger logger, Action<MqttQueueLoss>? onLoss)
    {
        Check(options);
        var (directory, held) = QueueFolder.Take(options.Folder);
        try
        {
            return await OpenAsync(directory, held, options, clientId, time, logger, onLoss);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Opens a folder that the caller has to itself.</summary>
    internal static async Task<OutboundQueue> OpenAsync(
        IDurableDirectory directory,
        FolderLock? held,
        MqttQueueOptions options,
        string clientId,
        TimeProvider time,
        ILogger logger,
        Action<MqttQueueLoss>? onLoss = null,
        TaskScheduler? writer = null)
    {
        CommitLog? log = null;
        try
        {
            var mark = QueueFolder.Read(directory, out var isDamaged);
            var segmentBytes = (int)Math.Clamp(options.BytesMax / SegmentShare, SegmentBytesLeast, SegmentBytesMost);
            log = CommitLog.Open(directory, new() { Name = "queue", SegmentBytes = segmentBytes, RecordBytesMax = MessageBytesMax, Writer = writer }, time);
            var queue = new OutboundQueue(directory, held, log, segmentBytes, options, time, logger, onLoss);
            queue.BelongTo(clientId, mark, isDamaged);
            queue._reserve.TryHold();
            queue._keeping = queue.KeepAsync();
            log = null;
            Log.Opened(logger, options.Folder, queue._count, queue._bytes);
            return queue;
        }
        catch (StorageException failure)
        {
            throw new MqttQueueException(
                failure.Fault == StorageFault.Full ? MqttQueueFault.DiskFull : MqttQueueFault.Unusable,
                $"The queue in {options.Folder} cannot be opened: {failure.Message}. What it holds is kept.",
                failure);
        }
        finally
        {
            if (log is not null)
            {
                await log.DisposeAsync();
            }
        }
    }

    /// <summary>The broker has begun a new session, and this side knows all of it.</summary>
    public void SessionBegan()
    {
        if (!HasSession)
        {
            QueueFolder.Write(_directory, new(_clientId, true));
            HasSession = true;
        }
    }

    private static void Check(MqttQueueOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(options.Folder);
        InRange(options.BytesMax, MqttQueueOptions.BytesLeast, MqttQueueOptions.BytesMost, nameof(options.BytesMax));
        InRange(options.MessagesMax, 1, MqttQueueOptions.MessagesMost, nameof(options.MessagesMax));
    }

    private static void InRange(long value, long least, long most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; it must lie in {least}..{most}.");
        }
    }

    /// <summary>Messages go out in the name of one client id; with another they would be somebody else's.</summary>
    private void BelongTo(string clientId, QueueMark? mark, bool isDamaged)
    {
        if (mark is not null && mark.ClientId != clientId && _count > 0)
        {
            throw new MqttQueueException(
                MqttQueueFault.OtherClient,
                $"{_count} messages of the client '{mark.ClientId}' wait in {_options.Folder}; this one is '{clientId}'. "
                + $"Let '{mark.ClientId}' send them first, or give this one a folder of its own.");
        }

        Lose(isDamaged ? 1 : 0);
        _clientId = clientId;
        HasSession = mark is { HasSession: true } && mark.ClientId == clientId && _damaged == 0;
        if (mark != new QueueMark(clientId, HasSession))
        {
            QueueFolder.Write(_directory, new(clientId, HasSession));
        }
    }

    private void Load()
    {
        var entries = new Dictionary<long, QueuedMessage>();
        var unreadable = 0L;
        foreach (var record in _log.Read(_log.FirstSequence))
        {
            Written(record.Sequence, record.Payload.Length + QueueRecord.FramingBytes);
            switch (QueueRecord.Read(record.Payload, out var entry, out var steps))
            {
                case QueueRecordKind.Message:
                    entries.Remove(entry.Replaces);
                    entries[record.Sequence] = Restored(record, entry);
                    break;
                case QueueRecordKind.Steps:
                    Replay(steps, entries);
                    break;
                case QueueRecordKind.Newer:
                    throw QueueFolder.Newer($"entry {record.Sequence}");
                default:
                    unreadable++;
                    break;
            }
        }

        foreach (var queued in entries.Values.OrderBy(queued => queued.Order))
        {
            Place(queued);
        }

        Lose(unreadable + _log.Damages.Sum(damage => damage.LastSequence - damage.FirstSequence + 1));
    }

    private QueuedMessage Restored(LogRecord record, QueueEntry entry)
    {
        // A clock that was set back meanwhile makes nothing younger than it was; one that was set forward cannot be told from a long wait.
        var waited = Math.Max(0, _time.GetUtcNow().ToUnixTimeMilliseconds() - entry.PublishedMs);
        return new()
        {
            Order = entry.Order > 0 ? entry.Order : record.Sequence,
            Sequence = record.Sequence,
            Bytes = record.Payload.Length + QueueRecord.FramingBytes,
            Qos = entry.Message.Qos,
            PublishedMs = entry.PublishedMs,
            WaitedBefore = TimeSpan.FromMilliseconds(waited),
            Since = _time.GetTimestamp(),
            ExpirySeconds = entry.Message.ExpirySeconds,
            PacketId = entry.PacketId,
            IsFixed = entry.IsFixed,
            IsReceived = entry.IsReceived,
        };
    }

    private static void Replay(IReadOnlyList<QueueEntryStep> steps, Dictionary<long, QueuedMessage> entries)
    {
        foreach (var step in steps)
        {
            if (!entries.TryGetValue(step.Sequence, out var queued))
            {
                continue;
            }

            switch (step.Kind)
            {
                case QueueStepKind.Fixed:
                    (queued.PacketId, queued.IsFixed) = (step.PacketId, true);
                    break;
                case QueueStepKind.Received:
                    queued.IsReceived = true;
                    break;
                case QueueStepKind.Done:
                    entries.Remove(step.Sequence);
                    break;
            }
        }
    }

    private void Place(QueuedMessage queued)
    {
        if (!queued.IsFixed)
        {
            queued.Node = _waiting.AddLast(queued);
            Count(queued, 1);
            return;
        }

        if (_byId.Remove(queued.PacketId, out var earlier))
        {
            // An identifier is given out again only after its message was done: damage has taken the note of that.
            _flight.Remove(earlier);
            Count(earlier, -1);
        }

        (queued.WasSent, queued.IsInFlight) = (true, true);
        _byId[queued.PacketId] = queued;
        _flight.Add(queued);
        Count(queued, 1);
    }

    private void Lose(long count)
    {
        if (count == 0)
        {
            return;
        }

        lock (_gate)
        {
            _damaged += count;
        }

        Log.Damaged(_logger, count, _options.Folder);
        Tell([new(MqttQueueLossCause.Damaged, count, null, MqttReason.Success)]);
    }
}
