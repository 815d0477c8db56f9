using Microsoft.AspNetCore.Connections;
using Pilotage.Broker.Sessions;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <summary>
/// One network connection: a reader that parses and routes, a queue of acks that leave in order once their messages
/// are stored, and a bounded outbox. When the peer is slow the reader waits, and so does the peer.
/// </summary>
/// <remarks>
/// Locks are taken in this order and never another: <c>_acking</c>, the exchange's, <c>_ending</c>, the outbox's gate.
/// </remarks>
internal sealed partial class ClientConnection(Transport transport, LinkContext context) : ISessionLink, IWireOwner
{
    private readonly MqttLimits _limits = new(
        context.Options.PacketBytesMax, context.Options.UserPropertiesMax, context.Options.UserPropertyBytesMax);

    private readonly Lock _ending = new();
    private MqttVersion _version = MqttVersion.V5;
    private ClientIdentity? _who;
    private Session? _session;
    private int _sendWindow;
    private int _packetBytesMax = int.MaxValue;
    private bool _wantsWords = true;
    private bool _ended;
    private bool _welcomed;
    private bool _told;
    private (MqttReason Reason, string Why) _end = (MqttReason.Success, "the client closed the connection");
    private long _endedAt;
    private long _lastHeard;
    private bool _busy;
    private TimeSpan _silenceMax = Timeout.InfiniteTimeSpan;

    // What operators see of it; the counts have one writer at a time each.
    private long _sinceNs;
    private ushort _keepAliveSeconds;
    private long _messagesIn;
    private long _messagesOut;
    private string _clientId = "";

    // How the client itself ended: whether its will stays due, and a new session expiry, if it named one.
    private bool _keepsWill = true;
    private uint? _newExpiry;

    /// <inheritdoc/>
    public int SendWindow => Volatile.Read(ref _sendWindow);

    /// <inheritdoc/>
    public bool WaitsForDisk => _waitsForDisk;

    /// <inheritdoc/>
    public ConnectionView View => new(
        _sinceNs, transport.Remote, _keepAliveSeconds, Volatile.Read(ref _messagesIn), Volatile.Read(ref _messagesOut));

    /// <inheritdoc/>
    public (MqttReason Reason, string Why) Ending
    {
        get
        {
            lock (_ending)
            {
                return _end;
            }
        }
    }

    /// <summary>The peer as the log names it.</summary>
    private object From => (object?)transport.Remote ?? "a Unix socket";

    private bool Ended => Volatile.Read(ref _ended);

    /// <summary>Serves the connection to its end; never throws.</summary>
    public async Task RunAsync()
    {
        _lastHeard = context.Time.GetTimestamp();
        transport.Wire.Start(_outbox, this);
        try
        {
            if (await ConnectAsync())
            {
                await ReadAllAsync();
                await UntilSettledAsync(0);
            }
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or ObjectDisposedException
            or ConnectionAbortedException)
        {
            End(MqttReason.UnspecifiedError, fault.Message);
        }
        catch (Exception fault)
        {
            // Our own bug, or the host's, must cost this connection only.
            Log.Faulted(context.Logger, transport.Listener, fault);
            End(MqttReason.ImplementationSpecificError, "an internal error");
        }

        await LeaveAsync();
        End(MqttReason.Success, _end.Why);
        await transport.Wire.DrainedAsync();
        await LingerAsync();
        await transport.Wire.CloseAsync();
    }

    /// <inheritdoc/>
    public void End(MqttReason reason, string why)
    {
        lock (_ending)
        {
            if (_ended)
            {
                return;
            }

            Volatile.Write(ref _ended, true);
            Volatile.Write(ref _sendWindow, 0);
            _end = (reason, why);
            _endedAt = context.Time.GetTimestamp();
        }

        // A server says why only to a 5.0 client that has had its CONNACK (MQTT-3.14.0-1), and only on failure.
        if (_welcomed && _version == MqttVersion.V5 && reason.IsFailure())
        {
            _told = Send(Outbound.Disconnect(new(reason, new() { ReasonString = why })));
        }

        _outbox.Close();
        transport.Wire.Wake();
        transport.Wire.Input.CancelPendingRead();
    }

    /// <inheritdoc/>
    public void HasRoom()
    {
        // What the session holds back may be waiting for just that.
        if (_session is { HasUnsent: true } session && !Ended)
        {
            context.Exchange.Pump(session, this);
        }
    }

    /// <inheritdoc/>
    public void IsCut(string why) => End(MqttReason.UnspecifiedError, why);

    /// <summary>Judges the time: silence past the keep alive, or an ending that does not end.</summary>
    public void Sweep()
    {
        if (Ended)
        {
            if (context.Time.GetElapsedTime(_endedAt) > context.Options.DrainTimeout)
            {
                transport.Wire.Abort();
            }
        }
        else if (_silenceMax != Timeout.InfiniteTimeSpan && !Volatile.Read(ref _busy)
            && context.Time.GetElapsedTime(Volatile.Read(ref _lastHeard)) > _silenceMax)
        {
            End(MqttReason.KeepAliveTimeout, "nothing heard for one and a half times the keep alive");
        }
    }

    /// <summary>Cuts the socket.</summary>
    public void Abort() => transport.Wire.Abort();

    /// <summary>
    /// A socket that is closed with bytes unread answers them with a reset, and the reset may overtake our last packet.
    /// So whoever was told why the connection ends is listened to for a moment more.
    /// </summary>
    private async ValueTask LingerAsync()
    {
        if (!_told)
        {
            return;
        }

        var input = transport.Wire.Input;
        using var patience = new CancellationTokenSource(context.Options.LingerTimeout, context.Time);
        try
        {
            while (await input.ReadAsync(patience.Token) is { IsCompleted: false } result)
            {
                input.AdvanceTo(result.Buffer.End);
            }
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or ConnectionAbortedException
            or InvalidOperationException)
        {
            // Long enough, or gone.
        }
    }

    private async ValueTask LeaveAsync()
    {
        if (_session is not { } session || _who is not { } who)
        {
            return;
        }

        if (_pace is { } pace)
        {
            context.Paces.Leave(pace);
        }

        var gone = context.Exchange.Detach(session, this, _keepsWill, _newExpiry);
        try
        {
            await context.Wills.PublishDueAsync(context.Stopping);
        }
        catch (OperationCanceledException)
        {
            // The broker stops hard; a retained state that says "online" is then the host's to correct.
        }

        if (!_welcomed)
        {
            return;
        }

        BrokerMetrics.Connections(-1);
        BrokerMetrics.Disconnect(_end.Reason);
        Log.Disconnected(context.Logger, who.Tenant, who.ClientId, transport.Listener, From, _end.Reason, _end.Why);
        if (gone)
        {
            context.Hooks.Disconnected(who, _end.Why);
        }
    }
}
