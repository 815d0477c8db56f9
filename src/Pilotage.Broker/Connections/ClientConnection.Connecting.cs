using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Pilotage.Broker.Sessions;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <content>From the first byte to CONNACK.</content>
internal sealed partial class ClientConnection
{
    private const int AssignedIdBytes = 12;

    /// <summary>Takes CONNECT and answers it; false when the connection is refused or was no MQTT.</summary>
    private async ValueTask<bool> ConnectAsync()
    {
        var packet = await ReadConnectAsync();
        if (packet is null)
        {
            return false;
        }

        _version = packet.Version;
        _clientId = packet.ClientId;
        _wantsWords = packet.Properties?.RequestProblemInformation ?? true;
        _packetBytesMax = (int)Math.Min(packet.Properties?.MaximumPacketSize ?? int.MaxValue, int.MaxValue);
        var assigned = packet.ClientId.Length == 0;
        if (assigned && packet is { Version: MqttVersion.V311, CleanStart: false })
        {
            // MQTT-3.1.3-8 of 3.1.1: a session that is to last needs a name.
            return Refuse(MqttReason.ClientIdentifierNotValid, "no client identifier for a lasting session");
        }

        if (Encoding.UTF8.GetByteCount(packet.ClientId) > context.Options.ClientIdBytesMax)
        {
            return Refuse(MqttReason.ClientIdentifierNotValid, "the client identifier is too long");
        }

        if (context.Admission.Barred(transport.Address) is var barred && barred > TimeSpan.Zero)
        {
            return SendAway(
                TurnAway.FailedConnects,
                MqttReason.ServerBusy,
                $"too many failed attempts from this address; try again in {Seconds(barred)} s");
        }

        var request = new ConnectRequest
        {
            Listener = transport.Listener,
            Version = packet.Version,
            ClientId = assigned ? NewClientId() : packet.ClientId,
            ClientIdAssigned = assigned,
            UserName = packet.UserName,
            Password = packet.Password,
            Certificate = transport.Certificate,
            Encrypted = transport.Encrypted,
            Remote = transport.Remote,
            UserProperties = packet.Properties?.UserProperties ?? (IReadOnlyList<(string, string)>)[],
        };
        var decision = await context.Hooks.ConnectAsync(request, context.Stopping);
        if (decision.Identity is not { } who)
        {
            context.Admission.Failed(transport.Address);
            return Refuse(decision.Reason, decision.Text ?? "refused by the host");
        }

        var judged = JudgeConnect(packet, who);
        if (judged != MqttReason.Success)
        {
            return Refuse(judged, judged.Words());
        }

        if (context.Memory.State != MemoryState.Enough && !context.Exchange.Has(who.Tenant, who.ClientId))
        {
            return SendAway(
                TurnAway.Memory,
                MqttReason.ServerBusy,
                "the server is short of memory and makes no new sessions; try again in a minute");
        }

        transport.Entry.Dispose();
        return await IsItsTurnAsync(who) && await AcceptAsync(packet, who, decision, assigned ? request.ClientId : null);
    }

    private static int Seconds(TimeSpan wait) => (int)Math.Ceiling(wait.TotalSeconds);

    /// <summary>When many come at once, each waits its turn; whose turn is too far off is told to come again.</summary>
    private async ValueTask<bool> IsItsTurnAsync(ClientIdentity who)
    {
        if (context.Admission.Turn(who.Tenant) is not { } wait)
        {
            return SendAway(
                TurnAway.ConnectRate,
                MqttReason.ConnectionRateExceeded,
                $"too many clients connect at once; try again in {Seconds(context.Options.ConnectWaitMax)} s, or a little later");
        }

        if (wait > TimeSpan.Zero)
        {
            BrokerMetrics.Delayed();
            await Task.Delay(wait, context.Time, context.Stopping);
        }

        return true;
    }

    private static string NewClientId() => $"auto-{RandomNumberGenerator.GetHexString(2 * AssignedIdBytes, true)}";

    private async ValueTask<ConnectPacket?> ReadConnectAsync()
    {
        using var patience = new CancellationTokenSource(context.Options.ConnectTimeout, context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.Stopping);
        var input = transport.Wire.Input;
        while (true)
        {
            var result = await input.ReadAsync(either.Token);
            var status = MqttFrame.TryRead(result.Buffer, _limits.PacketBytesMax, out var frame, out var reason);

            // A first packet that is not CONNECT is nobody's business to answer (MQTT-3.1.0-1), and is not waited for.
            var first = result.Buffer.FirstSpan;
            var foreign = first.Length > 0 && first[0] >> 4 != (int)MqttPacketType.Connect;
            if (status == OperationStatus.InvalidData || foreign)
            {
                input.AdvanceTo(result.Buffer.Start);
                Reject(foreign ? MqttReason.ProtocolError : reason, "the first packet is not an acceptable CONNECT");
                return null;
            }

            if (status == OperationStatus.Done)
            {
                var packet = DecodeConnect(result.Buffer.Slice(frame.HeaderBytes, frame.BodyBytes));
                input.AdvanceTo(result.Buffer.GetPosition(frame.TotalBytes));
                return packet;
            }

            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted || result.IsCanceled)
            {
                Reject(MqttReason.UnspecifiedError, "the connection ended before CONNECT was whole");
                return null;
            }
        }
    }

    private ConnectPacket? DecodeConnect(in ReadOnlySequence<byte> body)
    {
        var bytes = body.IsSingleSegment ? body.FirstSpan : body.ToArray();
        if (MqttDecoder.TryConnect(bytes, _limits, out var packet, out var answerAs, out var reason))
        {
            return packet;
        }

        _version = answerAs;
        Refuse(reason, "CONNECT is malformed");
        return null;
    }

    private MqttReason JudgeConnect(ConnectPacket packet, ClientIdentity who)
    {
        // AUTH is answered as the standard asks of a server that knows no method (MQTT 5.0, section 4.12).
        if (packet.Properties?.AuthenticationMethod is not null)
        {
            return MqttReason.BadAuthenticationMethod;
        }

        if (packet.Will is not { Message: var will })
        {
            return MqttReason.Success;
        }

        if (IsPayloadForeign(will.AsView()))
        {
            return MqttReason.PayloadFormatInvalid;
        }

        return JudgeTopic(will.Topic) is var topic && topic != MqttReason.Success
            ? topic
            : IsForClients(will.Topic) && context.Hooks.MayPublish(who, will.Topic) ? MqttReason.Success : MqttReason.NotAuthorized;
    }

    private async ValueTask<bool> AcceptAsync(
        ConnectPacket packet, ClientIdentity who, ConnectDecision decision, string? assigned)
    {
        var asked = packet.Version == MqttVersion.V311
            ? packet.CleanStart ? 0 : Session.NeverExpires
            : packet.Properties?.SessionExpiry ?? 0;
        var expiry = Math.Min(asked, (uint)Math.Min(context.Options.SessionExpiryMax.TotalSeconds, uint.MaxValue));
        var answer = new ConnAckPacket(
            false, MqttReason.Success, AnswerTo(packet, decision, expiry, AgreeKeepAlive(packet), assigned));
        if (packet.Properties?.MaximumPacketSize is not null
            && MqttEncoder.ConnAck(new ArrayBufferWriter<byte>(), _version, answer, _packetBytesMax) == 0)
        {
            // It cannot be told what it must know, and would wait for CONNACK for ever.
            return Refuse(MqttReason.PacketTooLarge, "the client takes no packet as large as CONNACK");
        }

        var window = Math.Min(packet.Properties?.ReceiveMaximum ?? ushort.MaxValue, context.Options.InflightMax);
        _aliases = new(Math.Min(packet.Properties?.TopicAliasMaximum ?? 0, context.Options.OutgoingTopicAliasMax));
        _topicAliases = new string?[packet.Version == MqttVersion.V5 ? context.Options.TopicAliasMaximum : 0];

        _sinceNs = BrokerClock.Ns(context.Time);
        var attachment = context.Exchange.Attach(who, packet, decision.Overflow, expiry, this);
        _session = attachment.Session;
        _who = who;
        if (context.Traces.Of(who) is { } trace)
        {
            Trace(trace);
        }

        if (decision.Paced && who.Device is { } device && context.Options.PublishesPerSecond > 0)
        {
            _pace = context.Paces.Join(who.Tenant, device);
        }

        try
        {
            await attachment.Stored;
            await RecheckAsync(attachment.Session, who);

            // The will of a connection whose session this one has taken must not follow this one's birth.
            await context.Wills.PublishDueAsync(context.Stopping);
        }
        catch (IOException refused)
        {
            _keepsWill = false;
            Log.SessionNotStored(context.Logger, who.ClientId, refused);
            return Refuse(MqttReason.ServerUnavailable, "the session could not be stored");
        }

        Send(Outbound.ConnAck(answer with { SessionPresent = attachment.Present }));
        _welcomed = true;
        OpenWindow(window);
        BrokerMetrics.Connections(1);
        BrokerMetrics.Connect(transport.Listener, MqttReason.Success);
        Log.Connected(
            context.Logger, who.Tenant, who.ClientId, who.Role, transport.Listener, From, packet.Version, attachment.Present);
        context.Hooks.Connected(who);
        context.Exchange.Pump(attachment.Session, this);
        return true;
    }

    /// <summary>What CONNACK tells a 5.0 client: what was asked for and is not granted, and what the broker takes.</summary>
    private MqttProperties? AnswerTo(
        ConnectPacket packet, ConnectDecision decision, uint expiry, ushort keepAlive, string? assigned) =>
        packet.Version == MqttVersion.V311 ? null : new()
        {
            SessionExpiry = expiry == (packet.Properties?.SessionExpiry ?? 0) ? null : expiry,
            AssignedClientId = assigned,
            ServerKeepAlive = keepAlive == packet.KeepAliveSeconds ? null : keepAlive,
            ReceiveMaximum = (ushort)context.Options.ReceiveMaximum,
            TopicAliasMaximum = (ushort)context.Options.TopicAliasMaximum,
            MaximumPacketSize = (uint)context.Options.PacketBytesMax,
            ResponseInformation =
                packet.Properties?.RequestResponseInformation == true ? decision.ResponseInformation : null,
        };

    /// <summary>Rights may have been taken away since a resumed session subscribed; what it may not hear any more ends here.</summary>
    private async ValueTask RecheckAsync(Session session, ClientIdentity who)
    {
        foreach (var filter in context.Exchange.FiltersOf(session))
        {
            if (JudgeRight(who, filter).IsFailure() && context.Exchange.Unsubscribe(session, filter, out var stored))
            {
                await stored;
            }
        }
    }

    private void OpenWindow(int window)
    {
        lock (_ending)
        {
            if (!_ended)
            {
                Volatile.Write(ref _sendWindow, window);
            }
        }
    }

    /// <summary>The keep alive that holds, and with it the silence that ends the connection (MQTT-3.1.2-22).</summary>
    private ushort AgreeKeepAlive(ConnectPacket packet)
    {
        var seconds = packet.KeepAliveSeconds;
        if (packet.Version == MqttVersion.V5)
        {
            // 0 means "no limit": a server may set one all the same (MQTT-3.2.2-21).
            var asked = seconds == 0 ? context.Options.KeepAliveMax : TimeSpan.FromSeconds(seconds);
            var agreed = TimeSpan.FromTicks(Math.Clamp(
                asked.Ticks, context.Options.KeepAliveMin.Ticks, context.Options.KeepAliveMax.Ticks));
            seconds = (ushort)Math.Clamp(agreed.TotalSeconds, 1, ushort.MaxValue);
        }

        _silenceMax = seconds == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds * 1.5);
        return _keepAliveSeconds = seconds;
    }

    /// <summary>Answers CONNECT with a failure, where the client's version has a word for it, and ends.</summary>
    private bool Refuse(MqttReason reason, string why)
    {
        Answer(reason, why);
        Reject(reason, why);
        return false;
    }

    /// <summary>The same where it is not the client's fault, and many may share it.</summary>
    private bool SendAway(TurnAway cause, MqttReason reason, string why)
    {
        Answer(reason, why);
        BrokerMetrics.Connect(transport.Listener, reason);
        context.Refusals.TurnedAway(cause, transport.Listener, transport.Remote, _clientId);
        End(reason, why);
        return false;
    }

    private void Answer(MqttReason reason, string why)
    {
        Debug.Assert(reason.IsFailure(), "A refusal needs a reason.");
        var words = _version == MqttVersion.V5 ? new MqttProperties { ReasonString = why } : null;
        _told = Send(Outbound.ConnAck(new(false, reason, words)));
    }

    private void Reject(MqttReason reason, string why)
    {
        BrokerMetrics.Connect(transport.Listener, reason);
        context.Refusals.Refused(_clientId, transport.Listener, transport.Remote, reason, why);
        End(reason, why);
    }
}
