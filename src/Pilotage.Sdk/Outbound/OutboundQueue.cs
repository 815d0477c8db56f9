using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pilotage.Core.Durability;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk.Outbound;

/// <summary>
/// Messages between a program and the broker, on disk: taken in when durable, given out in order, gone when the broker has
/// acknowledged them. Knows nothing of connections; <see cref="MqttClient"/> sends.
/// </summary>
/// <remarks>
/// Over one <see cref="CommitLog"/>: messages, and steps that say what became of them. A QoS 2 message's identifier is on disk
/// before its PUBLISH leaves, and its PUBREC before PUBREL does; so whatever moment a program dies in, the next one goes on where the broker
/// stands. An identifier is free again only when the step that ends its message is on disk.
/// </remarks>
internal sealed partial class OutboundQueue : IAsyncDisposable
{
    /// <summary>The most that one entry holds.</summary>
    public const int MessageBytesMax = 16 * 1024 * 1024;

    // Messages that are sent at once need not be read back; more than this waits on disk alone.
    private const int CacheBytesMax = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly CommitLog _log;
    private readonly IDurableDirectory _directory;
    private readonly QueueReserve _reserve;
    private readonly FolderLock? _held;
    private readonly MqttQueueOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();
    private readonly Channel<QueueStep> _steps = Channel.CreateUnbounded<QueueStep>(new() { SingleReader = true });

    // In order of their publishing. What is on its way stands in the other one, in order of sending.
    private readonly LinkedList<QueuedMessage> _waiting = new();
    private readonly List<QueuedMessage> _flight = [];
    private readonly Dictionary<ushort, QueuedMessage> _byId = [];
    private readonly Action<MqttQueueLoss>? _onLoss;
    private Task _keeping = Task.CompletedTask;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private long _bytes;
    private int _expiring;
    private long _cachedBytes;
    private long _sent;
    private long _dropped;
    private long _expired;
    private long _refused;
    private long _damaged;
    private long _uncertain;
    private string? _failure;
    private bool _isDropping;
    private bool _isUnauthorized;
    private bool _closed;

    /// <summary>How it stands.</summary>
    public MqttQueueState State
    {
        get
        {
            lock (_gate)
            {
                return new(_count, _bytes, _sent, _dropped, _expired, _refused, _damaged, _uncertain, _failure) { IsUnauthorized = _isUnauthorized };
            }
        }
    }

    /// <summary>Takes a message; completes when it is durable. The order of the calls is the order of sending.</summary>
    /// <exception cref="MqttQueueException">It was not taken; the fault says why.</exception>
    /// <exception cref="ArgumentException">It cannot be sent.</exception>
    public async ValueTask AppendAsync(MqttMessage message, CancellationToken cancellation)
    {
        var publishedMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        var record = QueueRecord.OfMessage(message, publishedMs);
        var queued = new QueuedMessage
        {
            SequenceMin = _log.NextSequence,
            Bytes = record.Length + QueueRecord.FramingBytes,
            Qos = message.Qos,
            PublishedMs = publishedMs,
            Since = _time.GetTimestamp(),
            ExpirySeconds = message.ExpirySeconds,
        };
        try
        {
            var sequence = await HandOver(queued, message, record, cancellation);
            lock (_gate)
            {
                (queued.Sequence, queued.Order) = (sequence, sequence);
                Written(sequence, queued.Bytes);
            }

            QueueMetrics.Took();
            Signal();
        }
        catch (MqttQueueException refused)
        {
            QueueMetrics.Refused(refused.Fault);
            throw;
        }
        catch (Exception failure)
        {
            TakeBack(queued);
            if (AsFault(failure) is not { } fault)
            {
                throw;
            }

            QueueMetrics.Refused(fault.Fault);
            throw fault;
        }
    }

    /// <summary>Waits until there is something to send.</summary>
    public async Task ReadyAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task;
            if (IsReady(out var pause))
            {
                return;
            }

            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, _time, cancellation);
            }
            else
            {
                await changed.WaitAsync(cancellation);
            }
        }
    }

    /// <summary>Waits until nothing waits and nothing is on its way.</summary>
    /// <exception cref="MqttQueueException">The log has failed: nothing will be sent any more.</exception>
    public async Task EmptyAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task;
            lock (_gate)
            {
                ThrowIfUnavailable();
                if (_count == 0)
                {
                    return;
                }
            }

            await changed.WaitAsync(cancellation);
        }
    }

    /// <summary>Writes down what is known and closes; what waits stays.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
        }

        _steps.Writer.TryComplete();
        await _closing.CancelAsync();
        await _keeping;
        await _log.DisposeAsync();
        _held?.Dispose();
        _closing.Dispose();
        Signal();
    }

    /// <summary>In one step what is waited for and what is on disk come into the same order.</summary>
    private ValueTask<long> HandOver(QueuedMessage queued, MqttMessage message, ReadOnlyMemory<byte> record, CancellationToken cancellation)
    {
        if (_reserve.IsGone && !_reserve.TryHold())
        {
            throw DiskFull(null);
        }

        var losses = new List<MqttQueueLoss>();
        try
        {
            lock (_gate)
            {
                ThrowIfUnavailable();
                MakeRoom(queued.Bytes, losses);
                var appended = _log.AppendAsync(record, cancellation);
                queued.Node = _waiting.AddLast(queued);
                Count(queued, 1);
                if (_cachedBytes + queued.Bytes <= CacheBytesMax)
                {
                    queued.Message = message;
                    _cachedBytes += queued.Bytes;
                }

                return appended;
            }
        }
        finally
        {
            Tell(losses);
        }
    }

    private void MakeRoom(int bytes, List<MqttQueueLoss> losses)
    {
        var most = Math.Min(MessageBytesMax, _options.BytesMax);
        if (bytes > most)
        {
            throw new MqttQueueException(
                MqttQueueFault.TooLarge,
                $"A message of {bytes} bytes is larger than the {most} that an entry of the queue may have (the least of 16 MiB and {nameof(MqttQueueOptions.BytesMax)}). Send it in parts.");
        }

        if (IsFullFor(bytes) && _expiring > 0)
        {
            // What nobody wants any more is no reason to refuse what somebody does.
            GiveUpExpired(losses, everywhere: true);
        }

        while (IsFullFor(bytes))
        {
            if (_options.WhenFull == MqttQueueOverflow.Refuse || FirstToDrop() is not { } oldest)
            {
                throw Full(bytes);
            }

            if (!_isDropping)
            {
                _isDropping = true;
                Log.Dropping(_logger, _count, _bytes);
            }

            Settle(oldest, ref _dropped);
            losses.Add(new(MqttQueueLossCause.Dropped, 1, oldest.Message, MqttReason.Success));
        }
    }

    private bool IsFullFor(int bytes) => _count + 1 > _options.MessagesMax || _bytes + bytes > _options.BytesMax;

    // Those without a sequence are not durable yet: their publishers still wait, and nothing older is left.
    private QueuedMessage? FirstToDrop() => _waiting.First?.Value is { Sequence: > 0 } oldest ? oldest : null;

    private MqttQueueException Full(int bytes)
    {
        var (limit, name) = _count + 1 > _options.MessagesMax
            ? ($"{_options.MessagesMax} messages", nameof(MqttQueueOptions.MessagesMax))
            : ($"{_options.BytesMax} bytes", nameof(MqttQueueOptions.BytesMax));
        return new(
            MqttQueueFault.Full,
            $"The queue in {_options.Folder} is full: {_count} messages with {_bytes} bytes wait, {bytes} bytes were to come, and the limit is {limit} "
            + $"({name}). Wait until the broker is reached, raise {name}, or let {nameof(MqttQueueOptions.WhenFull)} drop the oldest.");
    }

    /// <summary>Takes a waiting message out for good; the note of it follows.</summary>
    private void Settle(QueuedMessage queued, ref long counter)
    {
        counter++;
        queued.IsSettled = true;
        Unlist(queued);
        _steps.Writer.TryWrite(new(QueueStepKind.Done, queued));
    }

    private void TakeBack(QueuedMessage queued)
    {
        lock (_gate)
        {
            if (queued.Node is not null)
            {
                Unlist(queued);
            }
        }

        Signal();
    }

    private void Unlist(QueuedMessage queued)
    {
        _waiting.Remove(queued.Node!);
        queued.Node = null;
        _cachedBytes -= queued.Message is null ? 0 : queued.Bytes;
        Count(queued, -1);
    }

    private void Count(QueuedMessage queued, int sign)
    {
        _count += sign;
        _bytes += sign * queued.Bytes;
        _expiring += queued.ExpirySeconds is null ? 0 : sign;
        _isDropping = _isDropping && _count > 0;
    }

    private void ThrowIfUnavailable()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (_failure is not null)
        {
            throw DiskFailed(null);
        }
    }

    /// <summary>What the log said, as what our caller is told; nothing for what is not the log's.</summary>
    private MqttQueueException? AsFault(Exception failure) => failure switch
    {
        CommitLogFullException => DiskFull(failure),
        CommitLogFailedException or StorageException => Fail(failure),
        _ => null,
    };

    private MqttQueueException DiskFull(Exception? cause) => new(
        MqttQueueFault.DiskFull,
        $"The disk of the queue in {_options.Folder} has no room. Make room and publish again; what waits in the queue is kept and sent.",
        cause);

    private MqttQueueException DiskFailed(Exception? cause) => new(
        MqttQueueFault.DiskFailed,
        $"The queue in {_options.Folder} has failed and takes nothing more: {_failure ?? cause?.Message} Look at the disk, then start the program again; what was taken is kept.",
        cause);

    private MqttQueueException Fail(Exception cause)
    {
        bool isFirst;
        lock (_gate)
        {
            isFirst = _failure is null;
            _failure ??= cause.Message;
        }

        if (isFirst)
        {
            Log.Failed(_logger, _options.Folder, cause);
        }

        Signal();
        return DiskFailed(cause);
    }

    private void Tell(IReadOnlyList<MqttQueueLoss> losses)
    {
        foreach (var loss in losses)
        {
            QueueMetrics.Lost(loss.Cause, loss.Count);
            try
            {
                _onLoss?.Invoke(loss);
            }
            catch (Exception fault)
            {
                // Whoever is told must not stop the messages that are left.
                Log.ListenerFailed(_logger, fault);
            }
        }
    }

    private void Signal() =>
        Interlocked.Exchange(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    private static partial class Log
    {
        [LoggerMessage(2210, LogLevel.Information, "The queue in {Folder} is open: {Count} messages with {Bytes} bytes wait.")]
        public static partial void Opened(ILogger logger, string folder, int count, long bytes);

        [LoggerMessage(2211, LogLevel.Warning, "The queue is full ({Count} messages, {Bytes} bytes): the oldest messages make room.")]
        public static partial void Dropping(ILogger logger, int count, long bytes);

        [LoggerMessage(2212, LogLevel.Critical, "The queue in {Folder} has failed: nothing more is taken or sent until it is opened anew.")]
        public static partial void Failed(ILogger logger, string folder, Exception cause);

        [LoggerMessage(2213, LogLevel.Error, "{Count} entries of the queue in {Folder} cannot be read and are left out.")]
        public static partial void Damaged(ILogger logger, long count, string folder);

        [LoggerMessage(2214, LogLevel.Error, "The broker refused a message to {Topic} for good: {Reason}.")]
        public static partial void Refused(ILogger logger, string topic, MqttReason reason);

        [LoggerMessage(2215, LogLevel.Warning, "The broker does not take messages now ({Reason}); the next try is in {Seconds} s.")]
        public static partial void Paused(ILogger logger, MqttReason reason, double seconds);

        [LoggerMessage(2216, LogLevel.Warning, "The broker has forgotten the session: {Count} messages of QoS 2 that it may have had are sent again.")]
        public static partial void Uncertain(ILogger logger, int count);

        [LoggerMessage(2217, LogLevel.Warning, "The disk of the queue in {Folder} has no room for notes of what was sent; it is tried again.")]
        public static partial void NoRoom(ILogger logger, string folder);

        [LoggerMessage(2219, LogLevel.Error, "What was told of a lost message has failed.")]
        public static partial void ListenerFailed(ILogger logger, Exception fault);

        [LoggerMessage(2218, LogLevel.Error, "A file of the queue in {Folder} that is not needed any more could not be deleted.")]
        public static partial void NotTrimmed(ILogger logger, string folder, Exception cause);
    }
}
