using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Testing.Gateway;

/// <summary>
/// A 5.0 client that does no more than it is told, small enough to be there by the thousand. What it waits for, it waits for in
/// real time and not for ever.
/// </summary>
public sealed class SocketPeer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Stream _stream;
    private readonly Socket _socket;
    private byte[] _bytes = new byte[256];
    private int _filled;
    private int _taken;

    private SocketPeer(Socket socket, Stream stream) => (_socket, _stream) = (socket, stream);

    /// <summary>Where it has connected to.</summary>
    public int Port => ((IPEndPoint)_socket.RemoteEndPoint!).Port;

    /// <summary>Body of the packet that was read last; of PUBLISH see <see cref="Message"/>.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>Flags of the packet that was read last.</summary>
    public byte Flags { get; private set; }

    /// <summary>Connects the socket, and no more.</summary>
    /// <param name="port">On the loopback.</param>
    /// <param name="secure">Puts TLS over the socket.</param>
    public static async Task<SocketPeer> OpenAsync(int port, Func<Stream, Task<Stream>>? secure = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            return new(socket, secure is null ? stream : await secure(stream));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects and comes in.</summary>
    public static async Task<SocketPeer> ConnectAsync(int port, string clientId, uint expirySeconds = 0, ushort receiveMax = 0)
    {
        var peer = await OpenAsync(port);
        await peer.SendConnectAsync(clientId, expirySeconds: expirySeconds, receiveMax: receiveMax);
        var reason = await peer.ConnAckAsync();
        return reason == MqttReason.Success ? peer : throw new InvalidOperationException($"{clientId} was refused: {reason?.ToString() ?? "closed"}");
    }

    /// <summary>Sends CONNECT; a session that is to last is gone on with.</summary>
    public Task SendConnectAsync(string clientId, ushort keepAlive = 60, uint expirySeconds = 0, ushort receiveMax = 0) => SendAsync(target => MqttEncoder.Connect(
        target,
        new()
        {
            ClientId = clientId,
            CleanStart = expirySeconds == 0,
            KeepAliveSeconds = keepAlive,
            Properties = new() { SessionExpiry = expirySeconds, ReceiveMaximum = receiveMax == 0 ? null : receiveMax },
        }));

    /// <summary>The answer to CONNECT; nothing when the connection was closed instead.</summary>
    public async Task<MqttReason?> ConnAckAsync()
    {
        try
        {
            return await NextAsync() == MqttPacketType.ConnAck ? (MqttReason)Body.Span[1] : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whether CONNACK, which was read last, told of a session that was there.</summary>
    public bool SessionPresent => Body.Span[0] == 1;

    /// <summary>Sends what a method of the encoder writes.</summary>
    public async Task SendAsync(Func<ArrayBufferWriter<byte>, int> write)
    {
        var target = new ArrayBufferWriter<byte>();
        write(target);
        await SendRawAsync(target.WrittenMemory);
    }

    /// <summary>Sends bytes.</summary>
    public async Task SendRawAsync(ReadOnlyMemory<byte> bytes)
    {
        using var patience = new CancellationTokenSource(Patience);
        await _stream.WriteAsync(bytes, patience.Token);
    }

    /// <summary>Publishes; with QoS 0 unless there is a packet identifier.</summary>
    public Task PublishAsync(string topic, ushort packetId, ReadOnlyMemory<byte> payload = default, bool retain = false) =>
        SendAsync(target => Publish(target, topic, packetId, payload, retain));

    /// <summary>Writes one PUBLISH, for those that send many at once.</summary>
    public static int Publish(IBufferWriter<byte> target, string topic, ushort packetId, ReadOnlyMemory<byte> payload, bool retain = false) => MqttEncoder.Publish(
        target,
        MqttVersion.V5,
        new() { Topic = topic, Payload = payload },
        new() { Qos = packetId == 0 ? (byte)0 : (byte)1, PacketId = packetId, Retain = retain },
        int.MaxValue);

    /// <summary>Publishes with QoS 1 and waits for the answer.</summary>
    public async Task<MqttReason> PublishAsync(string topic, ReadOnlyMemory<byte> payload, bool retain = false)
    {
        await PublishAsync(topic, 1, payload, retain);
        await ExpectAsync(MqttPacketType.PubAck);
        return AckReason();
    }

    /// <summary>The reason in the acknowledgement that was read last.</summary>
    public MqttReason AckReason() => Body.Length > 2 ? (MqttReason)Body.Span[2] : MqttReason.Success;

    /// <summary>Acknowledges a message.</summary>
    public Task AcknowledgeAsync(ushort packetId) =>
        SendAsync(target => MqttEncoder.Ack(target, MqttVersion.V5, MqttPacketType.PubAck, new(packetId, MqttReason.Success), int.MaxValue));

    /// <summary>Subscribes and waits for the answer, which must be the first packet that comes.</summary>
    public async Task SubscribeAsync(string filter, byte qos = 0)
    {
        await SendSubscribeAsync(filter, qos);
        await ExpectAsync(MqttPacketType.SubAck);
    }

    /// <summary>Sends SUBSCRIBE.</summary>
    public Task SendSubscribeAsync(string filter, byte qos = 0) =>
        SendAsync(target => MqttEncoder.Subscribe(target, MqttVersion.V5, new(7, [new(filter, qos, false, false, 0)]), int.MaxValue));

    /// <summary>A round trip.</summary>
    public async Task PingAsync()
    {
        await SendRawAsync(new byte[] { 0xC0, 0 });
        await ExpectAsync(MqttPacketType.PingResp);
    }

    /// <summary>The next packet must be of that kind.</summary>
    public async Task ExpectAsync(MqttPacketType type)
    {
        var next = await NextAsync();
        if (next != type)
        {
            throw new InvalidOperationException($"expected {type}, got {next?.ToString() ?? "the end"}");
        }
    }

    /// <summary>The kind of the next packet; nothing at the end of the connection.</summary>
    public async Task<MqttPacketType?> NextAsync()
    {
        while (true)
        {
            if (TryTake() is { } type)
            {
                return type;
            }

            if (_filled == _bytes.Length)
            {
                MakeRoom();
            }

            using var patience = new CancellationTokenSource(Patience);
            int read;
            try
            {
                read = await _stream.ReadAsync(_bytes.AsMemory(_filled), patience.Token);
            }
            catch (IOException)
            {
                return null;
            }

            if (read == 0)
            {
                return null;
            }

            _filled += read;
        }
    }

    /// <summary>What the PUBLISH that was read last carried; valid until the next is read.</summary>
    public (string Topic, ushort PacketId, ReadOnlyMemory<byte> Payload) Message()
    {
        if (!MqttDecoder.TryPublish(Body.Span, Flags, MqttVersion.V5, MqttLimits.Standard, out var view, out var reason))
        {
            throw new InvalidOperationException($"a PUBLISH that is none: {reason}");
        }

        return (view.TopicText(), view.PacketId, Body[^view.Payload.Length..]);
    }

    /// <summary>Whether anything has come, the end included, that was not read yet.</summary>
    public bool HasAnything() => _filled > _taken || _socket.Poll(0, SelectMode.SelectRead);

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private MqttPacketType? TryTake()
    {
        var rest = new ReadOnlySequence<byte>(_bytes, _taken, _filled - _taken);
        if (MqttFrame.TryRead(rest, int.MaxValue, out var frame, out _) != OperationStatus.Done)
        {
            return null;
        }

        Body = _bytes.AsMemory(_taken + frame.HeaderBytes, frame.BodyBytes);
        Flags = frame.Flags;
        _taken += frame.TotalBytes;
        if (_taken == _filled)
        {
            (_taken, _filled) = (0, 0);
        }

        return frame.Type;
    }

    /// <summary>What was taken makes room; where that is little the buffer grows.</summary>
    private void MakeRoom()
    {
        var rest = _bytes.AsSpan(_taken, _filled - _taken);
        var into = rest.Length > _bytes.Length / 2 ? new byte[2 * _bytes.Length] : _bytes;
        rest.CopyTo(into);
        (_bytes, _filled, _taken) = (into, rest.Length, 0);
    }
}
