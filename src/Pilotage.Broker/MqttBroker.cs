using Microsoft.Extensions.Logging;
using Pilotage.Broker.Connections;
using Pilotage.Broker.Sessions;
using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker;

/// <summary>
/// An MQTT 3.1.1 and 5.0 broker in this process. A QoS 1 or 2 message is acknowledged once the host has stored it and the
/// broker's own log holds it for every lasting session that waits for it, and for the retained store.
/// </summary>
public sealed partial class MqttBroker : IAsyncDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StandstillMin = TimeSpan.FromSeconds(5);

    private readonly BrokerOptions _options;
    private const string LogName = "sessions";
    private readonly Exchange _exchange;
    private readonly SessionLog _sessions;
    private readonly ConnectionTable _connections;
    private readonly WebSocketGate _gate;
    private readonly WillPublisher _wills;
    private readonly Admission _admission;
    private readonly DevicePaces _paces;
    private readonly RefusalLog _refusals;
    private readonly MemoryWatch _memory;
    private readonly ClientTraces _traces = new();
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _sweeping = new();
    private Listeners? _listeners;
    private Task _sweeper = Task.CompletedTask;
    private Task _stepping = Task.CompletedTask;
    private int _disposed;

    private MqttBroker(
        BrokerOptions options, BrokerHooks hooks, IDurableDirectory state, TimeProvider time, ILoggerFactory logs)
    {
        _options = options;
        _time = time;
        _logger = logs.CreateLogger<MqttBroker>();
        _sessions = new(CommitLog.Open(
            state,
            new()
            {
                Name = LogName,
                RecordBytesMax = options.PacketBytesMax + RecordOverheadBytes,

                // Trimming drops whole files, so a compaction must span a few.
                SegmentBytes = Math.Clamp(options.CompactAfterBytes / 4, 16 * 1024, 16 * 1024 * 1024),
            },
            time));
        _exchange = new(options, _sessions, time);
        var logger = logs.CreateLogger<ClientConnection>();
        _wills = new(_exchange, hooks, time, logger);
        _admission = new(options, time);
        _paces = new(options, time);
        _refusals = new(options, time, logger);
        _memory = new(options, _logger);
        var context = new LinkContext(
            options, hooks, _exchange, _wills, _admission, _paces, _refusals, _memory, _traces, time, logger, _stopping.Token);
        _connections = new(context);
        _gate = new(_connections, context);
    }

    /// <summary>Every session, connected or not.</summary>
    public IReadOnlyList<ClientView> Clients => _exchange.Clients();

    /// <summary>Where the listeners really listen.</summary>
    public IReadOnlyList<BoundEndpoint> BoundEndpoints => _listeners?.Endpoints ?? [];

    /// <summary>
    /// Whether the session log has failed: QoS 1 and 2 messages for lasting sessions and retained ones are refused until the
    /// broker is started again.
    /// </summary>
    public bool Failed => _sessions.Failed;

    /// <summary>What failed, in a sentence; null while nothing has.</summary>
    public string? Failure => _sessions.Failure;

    // Targets of a record: a message may go to many sessions.
    private static int RecordOverheadBytes => 1024 * 1024;

    /// <summary>The files that hold sessions and retained messages, as they stand, whether a broker is at work in the folder or not.</summary>
    public static IReadOnlyList<FrozenFile> Freeze(IDurableDirectory state, string folder) => CommitLog.Freeze(state, LogName, folder);

    /// <summary>Reads the state back, opens the listeners, and serves until disposed.</summary>
    /// <param name="options">Validated here; a bad value ends the start with its name.</param>
    /// <param name="hooks">The host's decisions.</param>
    /// <param name="state">Home of the session log; one broker at a time.</param>
    /// <param name="time">Clock of all timers.</param>
    /// <param name="logs">Event ids 2100 to 2199.</param>
    /// <param name="cancellation">Ends the start only.</param>
    public static async Task<MqttBroker> StartAsync(
        BrokerOptions options,
        BrokerHooks hooks,
        IDurableDirectory state,
        TimeProvider time,
        ILoggerFactory logs,
        CancellationToken cancellation)
    {
        BrokerOptionsCheck.Validate(options);
        BrokerMetrics.Opened();
        var broker = new MqttBroker(options, hooks, state, time, logs);
        try
        {
            broker.Restore();
            broker._stepping = broker._exchange.RunStepsAsync();
            broker._sweeper = broker.SweepAsync();
            broker._listeners = await Listeners.OpenAsync(
                options, hooks, broker._connections, broker._admission, broker._refusals, broker._gate, time, logs, cancellation);
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }

        if (options.ConnectionsMax > Descriptors.Most - Descriptors.Kept)
        {
            Log.FewDescriptors(broker._logger, Descriptors.Most, options.ConnectionsMax, Descriptors.Most - Descriptors.Kept);
        }

        foreach (var endpoint in broker.BoundEndpoints)
        {
            Log.Listening(broker._logger, endpoint.Listener, endpoint.EndPoint);
        }

        foreach (var listener in options.Listeners.Where(l => l.Insecure))
        {
            Log.Insecure(broker._logger, listener.Name, listener.EndPoint);
        }

        return broker;
    }

    /// <summary>
    /// Publishes as the host itself; completes when durable for lasting sessions and the retained store. The host's
    /// own hooks are not asked.
    /// </summary>
    /// <exception cref="IOException">The disk refused; nothing is promised about the message.</exception>
    /// <exception cref="InvalidOperationException">A limit of the broker stands against the message.</exception>
    public async ValueTask PublishAsync(TenantId tenant, MqttMessage message, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (!MqttTopic.IsValidName(message.Topic) || message.Qos > 2)
        {
            throw new ArgumentException(
                $"\"{message.Topic}\" with QoS {message.Qos} cannot be published.", nameof(message));
        }

        var route = _exchange.Route(tenant, null, message.AsView());
        if (route.Reason.IsFailure())
        {
            throw new InvalidOperationException(
                $"The broker could not take a message for {message.Topic}: {route.Reason}.");
        }

        await route.Stored;
    }

    /// <summary>
    /// Cuts a client off: its connection, its session and everything queued; completes when that is durable.
    /// </summary>
    public async ValueTask DisconnectClientAsync(TenantId tenant, string clientId, MqttReason reason) =>
        await _exchange.Cut(tenant, clientId, reason);

    /// <summary>
    /// Tells of every packet of the clients concerned, also of those that connect later, without what is in them. A connection
    /// has one trace at a time, the latest.
    /// </summary>
    /// <param name="whom">Which clients; asked once for each connection.</param>
    /// <param name="lasts">After this it is off by itself; at most <see cref="ClientTrace.TimeMax"/>.</param>
    /// <param name="tell">Called in the middle of the traffic: must return quickly and not throw.</param>
    public ClientTrace Trace(Func<ClientIdentity, bool> whom, TimeSpan lasts, Action<TracedPacket> tell)
    {
        var trace = new ClientTrace(whom, lasts, tell, _time);

        // First for those that come, then for those that are there, so that nobody slips through between.
        _traces.Add(trace);
        _exchange.Trace(trace);
        return trace;
    }

    /// <summary>Stops accepting, tells the clients, lets them drain within the option's time, closes the log.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        var drained = _connections.EndAllAsync();
        using (var patience = new CancellationTokenSource(_options.DrainTimeout, _time))
        {
            await StopListeningAsync(drained, patience.Token);
        }

        await _stopping.CancelAsync();
        _connections.AbortAll();
        await _connections.EndAllAsync();
        if (_listeners is not null)
        {
            await _listeners.DisposeAsync();
        }

        await _sweeping.CancelAsync();
        await _sweeper;
        _refusals.End();
        await _sessions.DisposeAsync();
        _exchange.EndSteps();
        await _stepping;
        _wills.Dispose();
        _sweeping.Dispose();
        _stopping.Dispose();
    }

    private async Task StopListeningAsync(Task drained, CancellationToken patience)
    {
        try
        {
            if (_listeners is not null)
            {
                await _listeners.CloseAsync(patience);
            }

            await drained.WaitAsync(patience);
        }
        catch (OperationCanceledException)
        {
            Log.DrainTimedOut(_logger, _options.DrainTimeout);
        }
    }

    private void Restore()
    {
        var image = _sessions.Recover(_options.ReceiveMaximum);
        _exchange.Restore(image);
        if (image.Unreadable > 0)
        {
            Log.Unreadable(_logger, image.Unreadable);
        }

        Log.Restored(_logger, _exchange.Clients().Count);
    }

    /// <summary>The one timer: keep alives, expiries, wills, and the log's size.</summary>
    private async Task SweepAsync()
    {
        using var timer = new PeriodicTimer(SweepInterval, _time);
        var told = _time.GetTimestamp();
        var last = told;
        try
        {
            while (await timer.WaitForNextTickAsync(_sweeping.Token))
            {
                // After a standstill, of the machine or of the process, what clients have sent meanwhile is still unread.
                var standstill = _time.GetElapsedTime(last);
                last = _time.GetTimestamp();
                if (standstill > StandstillMin)
                {
                    Log.Standstill(_logger, standstill);
                }
                else
                {
                    _connections.Sweep();
                }

                _admission.Sweep();
                _paces.Sweep();
                _refusals.Sweep();
                _memory.Look();
                _exchange.IsTight = _memory.State == MemoryState.Out;
                _exchange.Sweep();
                if (_options.StatusInterval > TimeSpan.Zero && _time.GetElapsedTime(told) >= _options.StatusInterval)
                {
                    told = _time.GetTimestamp();
                    _exchange.PublishStatus();
                }

                await _wills.PublishDueAsync(_sweeping.Token);
                await CompactAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The broker stops.
        }
    }

    private async ValueTask CompactAsync()
    {
        try
        {
            await _exchange.CompactAsync();
        }
        catch (IOException fault)
        {
            Log.CompactionFailed(_logger, fault);
        }
    }
}
