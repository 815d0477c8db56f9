using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk.Outbound;

/// <content>What the client asks when it sends, and tells when answers come.</content>
internal sealed partial class OutboundQueue
{
    private const int LoadBytes = 512 * 1024;
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(1);
    private TimeSpan _pause = PauseMin;
    private TimeSpan _pausedFor;
    private long? _pausedAt;

    /// <summary>Whether a message has this identifier: on its way, or to be sent again under it.</summary>
    public bool Uses(ushort packetId)
    {
        lock (_gate)
        {
            return _byId.ContainsKey(packetId);
        }
    }

    /// <summary>What an earlier connection, or an earlier life of the program, left without its last answer, in order of sending.</summary>
    public IReadOnlyList<QueuedMessage> Unanswered(bool sessionPresent)
    {
        lock (_gate)
        {
            var unanswered = _flight.Where(queued => !queued.IsSettled).ToArray();
            var uncertain = sessionPresent ? 0 : unanswered.Count(queued => queued is { Qos: 2, WasSent: true, IsReceived: false });
            if (uncertain > 0)
            {
                _uncertain += uncertain;
                Log.Uncertain(_logger, uncertain);
            }

            return unanswered;
        }
    }

    /// <summary>The next message, now on its way under an identifier; nothing when none is ready.</summary>
    public QueuedMessage? TryTake(Func<ushort> newId)
    {
        lock (_gate)
        {
            if (_waiting.First?.Value is not { Sequence: > 0, Message: not null } next || IsExpired(next) || PauseLeft() > TimeSpan.Zero)
            {
                return null;
            }

            _waiting.RemoveFirst();
            _cachedBytes -= next.Bytes;
            (next.Node, next.IsInFlight) = (null, true);
            next.PacketId = next.PacketId == 0 ? newId() : next.PacketId;
            _byId[next.PacketId] = next;
            _flight.Add(next);
            return next;
        }
    }

    /// <summary>Completes when the identifiers of the QoS 2 messages among these are on disk: earlier they must not be sent.</summary>
    /// <exception cref="MqttQueueException">The log has failed.</exception>
    public Task FixAsync(IReadOnlyList<QueuedMessage> messages, CancellationToken cancellation)
    {
        TaskCompletionSource? durable = null;
        foreach (var queued in messages)
        {
            if (queued is { Qos: 2, IsFixed: false })
            {
                // Steps are written in order: with the last one all are there.
                durable = new(TaskCreationOptions.RunContinuationsAsynchronously);
                _steps.Writer.TryWrite(new(QueueStepKind.Fixed, queued, null, durable));
            }
        }

        return durable is null ? Task.CompletedTask : durable.Task.WaitAsync(cancellation);
    }

    /// <summary>
    /// The message as it goes out now: what is left of its expiry is less by the time it waited. Nothing when it cannot be read any more; then only
    /// its identifier is released, since the broker may hold it for taken.
    /// </summary>
    public MqttMessage? Outgoing(QueuedMessage queued)
    {
        lock (_gate)
        {
            queued.Message ??= ReadBack(queued);
            queued.WasSent = true;
            if (queued.Message is { } message)
            {
                return queued.ExpirySeconds is { } expiry ? message with { ExpirySeconds = Left(queued, expiry) } : message;
            }

            queued.IsReceived = true;
        }

        Lose(1);
        return null;
    }

    /// <summary>The message under an identifier; nothing when it is none of ours.</summary>
    public QueuedMessage? Find(ushort packetId)
    {
        lock (_gate)
        {
            return _byId.TryGetValue(packetId, out var queued) && queued.IsInFlight ? queued : null;
        }
    }

    /// <summary>PUBREC: true when PUBREL is to be sent at once; else <paramref name="then"/> sends it, once that is on disk.</summary>
    public bool Received(QueuedMessage queued, object connection, Func<ValueTask> then)
    {
        lock (_gate)
        {
            if (queued.IsReceived || queued.IsSettled)
            {
                return true;
            }

            // On another connection PUBREL has another way; on the same one it is due once.
            if (queued.PubRecBy != connection)
            {
                queued.PubRecBy = connection;
                _steps.Writer.TryWrite(new(QueueStepKind.Received, queued, then));
            }

            return false;
        }
    }

    /// <summary>The broker has the message; false when that was known.</summary>
    public bool Acknowledged(QueuedMessage queued)
    {
        lock (_gate)
        {
            _pause = PauseMin;
            _isUnauthorized = false;
            if (!End(queued, ref _sent))
            {
                return false;
            }
        }

        QueueMetrics.Sent();
        return true;
    }

    /// <summary>The broker refuses the message: for good, or for now. False when it had its last answer already.</summary>
    public bool Refuse(QueuedMessage queued, MqttReason reason)
    {
        if (!IsFinal(reason))
        {
            return PutBack(queued, reason);
        }

        MqttMessage? message;
        lock (_gate)
        {
            message = queued.Message;
            if (!End(queued, ref _refused))
            {
                return false;
            }
        }

        Log.Refused(_logger, message?.Topic ?? "", reason);
        Tell([new(MqttQueueLossCause.Refused, 1, message, reason)]);
        return true;
    }

    /// <summary>Whether sending the same message again would be refused again; everything else may pass by itself.</summary>
    private bool IsFinal(MqttReason reason) => (reason == MqttReason.NotAuthorized && !_options.KeepsUnauthorized)
        || reason is MqttReason.TopicNameInvalid or MqttReason.PacketTooLarge or MqttReason.PayloadFormatInvalid or MqttReason.RetainNotSupported or MqttReason.QosNotSupported;

    private bool End(QueuedMessage queued, ref long counter)
    {
        if (queued.IsSettled)
        {
            return false;
        }

        counter++;
        queued.IsSettled = true;
        _steps.Writer.TryWrite(new(QueueStepKind.Done, queued));
        return true;
    }

    /// <summary>Back to its place; nothing more is sent for a while, or what comes after it would overtake it again and again.</summary>
    private bool PutBack(QueuedMessage queued, MqttReason reason)
    {
        TimeSpan pause;
        lock (_gate)
        {
            if (queued.IsSettled || !_flight.Remove(queued))
            {
                return false;
            }

            _isUnauthorized = reason == MqttReason.NotAuthorized;
            (queued.IsInFlight, queued.WasSent, queued.PubRecBy) = (false, false, null);
            if (!queued.IsFixed)
            {
                _byId.Remove(queued.PacketId);
                queued.PacketId = 0;
            }

            var node = _waiting.First;
            while (node is not null && node.Value.Order < queued.Order && node.Value.Sequence > 0)
            {
                node = node.Next;
            }

            queued.Node = node is null ? _waiting.AddLast(queued) : _waiting.AddBefore(node, queued);
            _cachedBytes += queued.Message is null ? 0 : queued.Bytes;
            if (PauseLeft() > TimeSpan.Zero)
            {
                return true;
            }

            (_pausedAt, _pausedFor, pause) = (_time.GetTimestamp(), _pause, _pause);
            _pause = TimeSpan.FromTicks(Math.Min(PauseMax.Ticks, 2 * pause.Ticks));
        }

        Log.Paused(_logger, reason, pause.TotalSeconds);
        Signal();
        return true;
    }

    private TimeSpan PauseLeft() => _pausedAt is { } since ? _pausedFor - _time.GetElapsedTime(since) : TimeSpan.Zero;

    private TimeSpan Waited(QueuedMessage queued) => queued.WaitedBefore + _time.GetElapsedTime(queued.Since);

    private bool IsExpired(QueuedMessage queued) => queued.ExpirySeconds is { } expiry && Waited(queued).TotalSeconds >= expiry;

    // What may have reached the broker must be seen through, so it is not left out; a second is the least that is sent.
    private uint Left(QueuedMessage queued, uint expiry)
    {
        var waited = Math.Floor(Waited(queued).TotalSeconds);
        return waited >= expiry ? 1 : expiry - (uint)waited;
    }

    /// <summary>Those at the front, which are sent next; or all of them, for which every message is looked at.</summary>
    private void GiveUpExpired(List<MqttQueueLoss> losses, bool everywhere)
    {
        for (var node = _waiting.First; node is { Value.Sequence: > 0 };)
        {
            var queued = node.Value;
            node = node.Next;
            if (IsExpired(queued))
            {
                Settle(queued, ref _expired);
                losses.Add(new(MqttQueueLossCause.Expired, 1, queued.Message, MqttReason.Success));
            }
            else if (!everywhere)
            {
                return;
            }
        }
    }

    private bool IsReady(out TimeSpan pause)
    {
        var losses = new List<MqttQueueLoss>();
        var sequence = 0L;
        try
        {
            lock (_gate)
            {
                pause = PauseLeft();
                ThrowIfUnavailable();
                GiveUpExpired(losses, everywhere: false);
                if (_waiting.First?.Value is not { Sequence: > 0 } next)
                {
                    pause = TimeSpan.Zero;
                    return false;
                }

                if (next.Message is not null || pause > TimeSpan.Zero)
                {
                    return pause <= TimeSpan.Zero;
                }

                sequence = next.Sequence;
            }
        }
        finally
        {
            Tell(losses);
        }

        ReadAhead(sequence);
        return true;
    }

    /// <summary>Reads the messages that stand on disk from here on, as many as are soon sent.</summary>
    private void ReadAhead(long sequence)
    {
        var found = new Dictionary<long, MqttMessage>();
        var (bytes, last) = (0L, sequence);
        foreach (var record in _log.Read(sequence))
        {
            if (QueueRecord.Read(record.Payload, out var entry, out _) == QueueRecordKind.Message)
            {
                found[record.Sequence] = entry.Message;
            }

            last = record.Sequence;
            bytes += record.Payload.Length;
            if (bytes >= LoadBytes)
            {
                break;
            }
        }

        var losses = new List<MqttQueueLoss>();
        lock (_gate)
        {
            for (var node = _waiting.First; node is not null; )
            {
                var queued = node.Value;
                node = node.Next;
                if (queued.Sequence == 0 || queued.Order > last)
                {
                    // The rest stands further on, or is not durable yet.
                    break;
                }

                if (queued.Sequence < sequence || queued.Sequence > last || queued.Message is not null)
                {
                    continue;
                }

                if (found.TryGetValue(queued.Sequence, out var message))
                {
                    queued.Message = message;
                    _cachedBytes += queued.Bytes;
                }
                else
                {
                    Settle(queued, ref _damaged);
                    losses.Add(new(MqttQueueLossCause.Damaged, 1, null, MqttReason.Success));
                }
            }
        }

        if (losses.Count > 0)
        {
            Log.Damaged(_logger, losses.Count, _options.Folder);
            Tell(losses);
        }
    }

    /// <summary>One message from the log; nothing when it cannot be read any more.</summary>
    private MqttMessage? ReadBack(QueuedMessage queued)
    {
        var record = _log.Read(queued.Sequence).FirstOrDefault();
        return record.Sequence == queued.Sequence && QueueRecord.Read(record.Payload, out var entry, out _) == QueueRecordKind.Message
            ? entry.Message
            : null;
    }
}
