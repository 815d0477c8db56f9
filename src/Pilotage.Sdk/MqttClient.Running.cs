using System.Security.Authentication;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk.Mqtt;

namespace Pilotage.Sdk;

/// <content>Connections come and go; the client stays.</content>
public sealed partial class MqttClient
{
    private bool _everConnected;

    private async Task<(Link Link, bool SessionPresent)> DialUntilAnsweredAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping.Token);
        while (true)
        {
            try
            {
                return await DialAsync(either.Token);
            }
            catch (Exception fault) when (IsUnreachable(fault, either.Token))
            {
                SetState(new(false, false, MqttReason.ServerUnavailable, fault.Message));
            }

            await Task.Delay(_backoff.Next(), _time, either.Token);
        }
    }

    private async Task<(Link Link, bool SessionPresent)> DialAsync(CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(_options.ConnectTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        var link = new Link(_options, _time, await Dialer.OpenAsync(_options, either.Token));
        try
        {
            var answer = await link.ConnectAsync(ConnectPacket(), either.Token);
            if (answer.Reason.IsFailure())
            {
                var words = answer.Properties?.ReasonString is { } text ? $" ({text})" : "";
                throw new MqttRefusedException(
                    answer.Reason,
                    $"The broker at {_options.Endpoint} refused the connection: {answer.Reason}{words}.");
            }

            var isForgetting = IsForgetting;
            _stored?.SessionBegan();
            if (isForgetting)
            {
                await link.DisposeAsync();
                return await DialAsync(cancellation);
            }

            _everConnected = true;
            return (link, answer.SessionPresent);
        }
        catch
        {
            await link.DisposeAsync();
            throw;
        }
    }

    /// <summary>A refusal is an answer, and a wish to stop is one too; everything else may heal by itself.</summary>
    private static bool IsUnreachable(Exception fault, CancellationToken cancellation) =>
        !cancellation.IsCancellationRequested
        && fault is not MqttRefusedException
        && (fault is AuthenticationException || StreamFaults.IsLoss(fault));

    private ConnectPacket ConnectPacket()
    {
        var lasting = _options.SessionExpiry > TimeSpan.Zero;
        var expiry = (uint)Math.Clamp(_options.SessionExpiry.TotalSeconds, 0, uint.MaxValue);
        return new()
        {
            Version = _options.Version,
            ClientId = _options.ClientId,
            CleanStart = _stored is { HasSession: false }
                || (_options.Version == MqttVersion.V311 || _everConnected ? !lasting : _options.CleanStart),
            KeepAliveSeconds = (ushort)Math.Clamp(_options.KeepAlive.TotalSeconds, 0, ushort.MaxValue),
            UserName = _options.UserName,
            Password = _options.Password,
            Will = _options.Will is { } will && !IsForgetting ? new(will, (uint)_options.WillDelay.TotalSeconds) : null,
            Properties = _options.Version == MqttVersion.V311 ? null : new()
            {
                SessionExpiry = expiry == 0 ? null : expiry,
                ReceiveMaximum = (ushort)_options.ReceiveMaximum,
                MaximumPacketSize = (uint)_options.PacketBytesMax,
            },
        };
    }

    /// <summary>
    /// A connection only to make the broker forget an earlier session: in 3.1.1 a clean session also ends with its connection, so the one
    /// that lasts is the next.
    /// </summary>
    private bool IsForgetting =>
        _stored is { HasSession: false } && _options.Version == MqttVersion.V311 && _options.SessionExpiry > TimeSpan.Zero;

    private async Task BeginAsync()
    {
        try
        {
            await StayConnectedAsync(await RedialAsync(TimeSpan.Zero));
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Disposed before the first connection.
        }
    }

    private async Task StayConnectedAsync((Link Link, bool SessionPresent) dialed)
    {
        try
        {
            while (true)
            {
                var since = _time.GetTimestamp();
                await ServeAsync(dialed.Link, dialed.SessionPresent);

                _backoff.Held(_time.GetElapsedTime(since));
                _stopping.Token.ThrowIfCancellationRequested();
                dialed = await RedialAsync(_backoff.Next());
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private async Task<(Link Link, bool SessionPresent)> RedialAsync(TimeSpan pause)
    {
        while (true)
        {
            await Task.Delay(pause, _time, _stopping.Token);
            pause = _backoff.Next();
            try
            {
                return await DialUntilAnsweredAsync(_stopping.Token);
            }
            catch (MqttRefusedException refused)
            {
                // Later a refusal may be a broker that is busy, or a right that is about to be given: keep asking.
                SetState(new(false, false, refused.Reason, refused.Message));
                Log.Refused(_logger, refused.Message);
            }
        }
    }

    private async Task ServeAsync(Link link, bool sessionPresent)
    {
        await using (link)
        {
            if (!sessionPresent)
            {
                ForgetAll();
            }

            link.TooLarge = id => RefuseTooLarge(link, id);
            var running = link.RunAsync(happened => HandleAsync(link, happened));
            var resubscribed = sessionPresent ? Task.CompletedTask : ResubscribeAsync(link);
            lock (_gate)
            {
                _link = link;
                _linkUp.TrySetResult(link);
            }

            SetState(new(true, sessionPresent, MqttReason.Success, "connected"));
            Log.Connected(_logger, _options.Endpoint, sessionPresent);
            var dispatching = DispatchAsync(link);
            var sending = SendQueuedAsync(link, sessionPresent);
            var sendingStored = SendStoredAsync(link, sessionPresent);
            await running;
            lock (_gate)
            {
                _link = null;
                _linkUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
                foreach (var control in _controls.Values)
                {
                    control.Complete(null);
                }
            }

            await sending;
            await sendingStored;
            await dispatching;
            await resubscribed;
            SetState(new(false, sessionPresent, link.End.Reason, link.End.Why));
            Log.Lost(_logger, _options.Endpoint, link.End.Why);
        }
    }

    private async Task ResubscribeAsync(Link link)
    {
        KeyValuePair<string, byte>[] wanted;
        lock (_gate)
        {
            wanted = [.. _subscriptions];
        }

        try
        {
            foreach (var (filter, qos) in wanted)
            {
                ushort id;
                lock (_gate)
                {
                    id = NextPacketId();
                }

                await link.SendAsync(LinkPacket.Subscribe(new(id, [new(filter, qos)])), link.Ended);
            }
        }
        catch (Exception gone) when (gone is ChannelClosedException or OperationCanceledException)
        {
            // The next connection subscribes again.
        }
    }

    private void SetState(MqttConnectionState state)
    {
        Volatile.Write(ref _state, state);
        OnStateChanged?.Invoke(state);
    }

    private static partial class Log
    {
        [LoggerMessage(2200, LogLevel.Information, "Connected to {Endpoint} (session present: {Present}).")]
        public static partial void Connected(ILogger logger, MqttEndpoint endpoint, bool present);

        [LoggerMessage(2201, LogLevel.Warning, "The connection to {Endpoint} is lost: {Why}.")]
        public static partial void Lost(ILogger logger, MqttEndpoint endpoint, string why);

        [LoggerMessage(2202, LogLevel.Warning, "{Message}")]
        public static partial void Refused(ILogger logger, string message);

        [LoggerMessage(2203, LogLevel.Error, "The message handler failed; the broker will deliver {Topic} again.")]
        public static partial void HandlerFailed(ILogger logger, string topic, Exception fault);
    }
}
