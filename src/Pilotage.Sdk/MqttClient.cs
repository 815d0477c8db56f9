using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk.Mqtt;

namespace Pilotage.Sdk;

/// <summary>
/// A client for MQTT 5.0 and 3.1.1: keeps itself connected, subscribed and bounded. Safe for use from many tasks.
/// </summary>
public sealed partial class MqttClient : IAsyncDisposable
{
    private readonly MqttClientOptions _options;
    private readonly TimeProvider _time;
    private readonly Backoff _backoff;
    private readonly ILogger<MqttClient> _logger;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<PendingPublish> _queue;
    private readonly List<PendingPublish> _inflight = [];
    private readonly Dictionary<ushort, ControlRequest> _controls = [];
    private readonly Dictionary<string, byte> _subscriptions = new(StringComparer.Ordinal);
    private MqttConnectionState _state = new(false, false, MqttReason.Success, "not connected yet");
    private TaskCompletionSource<Link> _linkUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Link? _link;
    private Task _running = Task.CompletedTask;
    private ushort _lastPacketId;
    private int _draining;
    private bool _disposed;

    /// <summary>Makes a client; nothing happens before <see cref="ConnectAsync"/>.</summary>
    /// <param name="options">See there.</param>
    /// <param name="time">Clock of all its timers.</param>
    /// <param name="random">For jitter; used by this client alone.</param>
    /// <param name="logger">One line for each connection gained or lost.</param>
    public MqttClient(MqttClientOptions options, TimeProvider time, Random random, ILogger<MqttClient> logger)
    {
        _options = options;
        _time = time;
        _backoff = new(options.BackoffMin, options.BackoffMax, options.StableAfter, random);
        _logger = logger;
        _queue = Channel.CreateBounded<PendingPublish>(options.QueueMax);
        _handlers = new(options.HandlersMax);
    }

    /// <summary>
    /// Takes each message; its completion is what acknowledges a QoS 1 or 2 message, and a failure ends the connection so
    /// that the broker delivers again. Set it before <see cref="ConnectAsync"/>.
    /// </summary>
    public Func<MqttMessage, CancellationToken, ValueTask>? OnMessage { get; set; }

    /// <summary>Told of each change, in order; must return quickly. Set it before <see cref="ConnectAsync"/>.</summary>
    public Action<MqttConnectionState>? OnStateChanged { get; set; }

    /// <summary>How the connection stands now.</summary>
    public MqttConnectionState State => Volatile.Read(ref _state);

    /// <summary>
    /// Connects and from then on stays connected, with full-jitter back-off, until disposed. Completes with the first
    /// accepted connection; an unreachable broker is tried again until cancelled.
    /// </summary>
    /// <param name="cancellation">Ends the attempts; <see cref="ConnectAsync"/> may be called again afterwards.</param>
    /// <exception cref="MqttRefusedException">The broker refused the first connection it answered.</exception>
    /// <exception cref="MqttQueueException">The queue on disk cannot be used.</exception>
    public async Task ConnectAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_running.IsCompleted)
        {
            await UpAsync(cancellation);
            return;
        }

        await OpenQueueAsync(cancellation);
        var first = await DialUntilAnsweredAsync(cancellation);
        _running = StayConnectedAsync(first);
    }

    /// <summary>
    /// Begins to connect and returns: for programs that go on without a connection. Like a reconnection it is tried until
    /// disposed, after a refusal too; <see cref="OnStateChanged"/> tells how it stands, and <see cref="ConnectAsync"/> may be called to wait.
    /// </summary>
    /// <param name="cancellation">Ends the wait for the queue on disk, which is opened first where there is one.</param>
    /// <exception cref="MqttQueueException">The queue on disk cannot be used.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await OpenQueueAsync(cancellation);
        if (_running.IsCompleted)
        {
            _running = BeginAsync();
        }
    }

    /// <summary>
    /// Publishes. QoS 1 and 2 complete with the broker's reason once it has it for good, across reconnections; QoS 0
    /// completes when handed to the connection, and is refused with <see cref="MqttReason.ServerUnavailable"/> while
    /// there is none. With <see cref="MqttClientOptions.Queue"/> QoS 1 and 2 complete with success once the message is on disk here,
    /// connected or not: it is sent as soon as it can be, by this program or, after a crash, by its next life.
    /// </summary>
    /// <param name="message">QoS 0, 1 or 2.</param>
    /// <param name="cancellation">Ends the wait; a message already on its way may still arrive.</param>
    /// <returns>Below 0x80: taken by the broker, or by the queue.</returns>
    /// <exception cref="MqttQueueException">The queue did not take it; <see cref="MqttQueueException.Fault"/> says why.</exception>
    /// <exception cref="InvalidOperationException">QoS 2 through the queue without a lasting session.</exception>
    public async ValueTask<MqttReason> PublishAsync(MqttMessage message, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!MqttTopic.IsValidName(message.Topic) || message.Qos > 2)
        {
            throw new ArgumentException(
                $"\"{message.Topic}\" with QoS {message.Qos} cannot be published.", nameof(message));
        }

        return (message.Qos, _options.Queue) switch
        {
            (0, _) => await PublishOnceAsync(message, cancellation),
            (_, not null) => await StoreAsync(message, cancellation),
            _ => await PublishAnsweredAsync(message, cancellation),
        };
    }

    /// <summary>Subscribes, now and after each reconnection that finds no session.</summary>
    /// <param name="filter">A topic filter.</param>
    /// <param name="qos">The highest QoS wanted: 0, 1 or 2.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Below 0x80: the QoS granted.</returns>
    public async ValueTask<MqttReason> SubscribeAsync(string filter, byte qos, CancellationToken cancellation)
    {
        if (!MqttTopic.IsValidFilter(filter) || qos > 2)
        {
            throw new ArgumentException($"\"{filter}\" with QoS {qos} cannot be subscribed to.", nameof(filter));
        }

        var granted = await ControlAsync(
            id => LinkPacket.Subscribe(new(id, [new(filter, qos)])), cancellation);
        if (!granted.IsFailure())
        {
            lock (_gate)
            {
                _subscriptions[filter] = qos;
            }
        }

        return granted;
    }

    /// <summary>Ends a subscription.</summary>
    /// <param name="filter">As it was subscribed.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Below 0x80: it is gone.</returns>
    public async ValueTask<MqttReason> UnsubscribeAsync(string filter, CancellationToken cancellation)
    {
        lock (_gate)
        {
            _subscriptions.Remove(filter);
        }

        return await ControlAsync(id => LinkPacket.Unsubscribe(new(id, [filter])), cancellation);
    }

    /// <summary>
    /// Lets handlers under way finish, sends DISCONNECT, which spares the will, and ends. Publishes still unanswered
    /// fail; what is in the queue on disk stays there.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _draining, 1) != 0)
        {
            return;
        }

        // Handlers under way may still publish.
        await DrainHandlersAsync();
        _disposed = true;
        _queue.Writer.TryComplete();
        Volatile.Read(ref _link)?.Close(MqttReason.Success, "closed by us", tell: true);
        await _stopping.CancelAsync();
        await _running;
        FailEverything();
        await CloseQueueAsync();
        _handlers.Dispose();
        _stopping.Dispose();
    }

    private async Task<Link> UpAsync(CancellationToken cancellation)
    {
        Task<Link> up;
        lock (_gate)
        {
            up = _linkUp.Task;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping.Token);
        return await up.WaitAsync(either.Token);
    }

    private async ValueTask<MqttReason> PublishAnsweredAsync(MqttMessage message, CancellationToken cancellation)
    {
        var pending = new PendingPublish(message);
        await _queue.Writer.WriteAsync(pending, cancellation);
        try
        {
            return await pending.Answer.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            pending.Abandoned = true;
            throw;
        }
    }

    private async ValueTask<MqttReason> PublishOnceAsync(MqttMessage message, CancellationToken cancellation)
    {
        if (Volatile.Read(ref _link) is not { } link)
        {
            return MqttReason.ServerUnavailable;
        }

        try
        {
            await link.SendAsync(LinkPacket.Publish(message, 0, false), cancellation);
            return MqttReason.Success;
        }
        catch (ChannelClosedException)
        {
            return MqttReason.ServerUnavailable;
        }
    }

    private async ValueTask<MqttReason> ControlAsync(Func<ushort, LinkPacket> packet, CancellationToken cancellation)
    {
        while (true)
        {
            var link = await UpAsync(cancellation);
            if (await AskAsync(link, packet, cancellation) is { } reason)
            {
                return reason;
            }

            // The connection went before the answer came: ask the next one.
        }
    }

    private async ValueTask<MqttReason?> AskAsync(
        Link link, Func<ushort, LinkPacket> packet, CancellationToken cancellation)
    {
        var request = new ControlRequest();
        ushort id;
        lock (_gate)
        {
            if (_link != link)
            {
                return null;
            }

            id = NextPacketId();
            _controls.Add(id, request);
        }

        try
        {
            await link.SendAsync(packet(id), cancellation);
            return await request.Answer.WaitAsync(cancellation);
        }
        catch (ChannelClosedException)
        {
            return null;
        }
        finally
        {
            lock (_gate)
            {
                _controls.Remove(id);
            }
        }
    }

    private ushort NextPacketId()
    {
        do
        {
            _lastPacketId = _lastPacketId == ushort.MaxValue ? (ushort)1 : (ushort)(_lastPacketId + 1);
        }
        while (_controls.ContainsKey(_lastPacketId)
            || _inflight.Exists(p => p.PacketId == _lastPacketId)
            || (_stored?.Uses(_lastPacketId) ?? false));
        return _lastPacketId;
    }

    private void FailEverything()
    {
        var gone = new ObjectDisposedException(nameof(MqttClient));
        lock (_gate)
        {
            foreach (var pending in _inflight)
            {
                pending.Fail(gone);
            }

            while (_queue.Reader.TryRead(out var pending))
            {
                pending.Fail(gone);
            }
        }
    }
}
