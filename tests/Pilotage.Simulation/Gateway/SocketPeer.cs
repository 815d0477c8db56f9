using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Simulation.Gateway;

/// <summary>A socket that says what it is told and reads packet by packet; its patience is real time.</summary>
internal sealed class SocketPeer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _bytes = new byte[64 * 1024];
    private int _filled;
    private int _taken;

    /// <summary>Where it has connected to.</summary>
    public int Port { get; private init; }

    public static async Task<SocketPeer> OpenAsync(int port)
    {
        var peer = new SocketPeer { Port = port };
        await peer._socket.ConnectAsync(IPAddress.Loopback, port);
        return peer;
    }

    public static async Task<SocketPeer> ConnectAsync(int port, string clientId, ushort keepAlive = 60)
    {
        var peer = await OpenAsync(port);
        await peer.SendConnectAsync(clientId, keepAlive);
        await peer.ExpectAsync(MqttPacketType.ConnAck);
        return peer;
    }

    public Task SendConnectAsync(string clientId, ushort keepAlive = 60) =>
        SendAsync(target => MqttEncoder.Connect(target, new() { ClientId = clientId, CleanStart = true, KeepAliveSeconds = keepAlive }));

    public async Task SendAsync(Func<ArrayBufferWriter<byte>, int> write)
    {
        var target = new ArrayBufferWriter<byte>();
        write(target);
        await _socket.SendAsync(target.WrittenMemory);
    }

    public async Task SendRawAsync(byte[] bytes) => await _socket.SendAsync(bytes);

    public Task PublishAsync(string topic, ushort packetId) => SendAsync(target => MqttEncoder.Publish(
        target, MqttVersion.V5, new() { Topic = topic, Payload = new byte[8] }, new() { Qos = 1, PacketId = packetId }, int.MaxValue));

    public async Task SubscribeAsync(string filter)
    {
        await SendAsync(target => MqttEncoder.Subscribe(target, MqttVersion.V5, new(7, [new(filter, 0, false, false, 0)]), int.MaxValue));
        await ExpectAsync(MqttPacketType.SubAck);
    }

    public async Task PingAsync()
    {
        await _socket.SendAsync(new byte[] { 0xC0, 0 });
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

            using var patience = new CancellationTokenSource(Patience);
            int read;
            try
            {
                read = await _socket.ReceiveAsync(_bytes.AsMemory(_filled), patience.Token);
            }
            catch (SocketException)
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

    /// <summary>Whether anything has come, the end included, that was not read yet.</summary>
    public bool HasAnything() => _filled > _taken || _socket.Poll(0, SelectMode.SelectRead);

    public void Dispose() => _socket.Dispose();

    private MqttPacketType? TryTake()
    {
        if (MqttFrame.TryRead(new ReadOnlySequence<byte>(_bytes, _taken, _filled - _taken), int.MaxValue, out var frame, out _) != OperationStatus.Done)
        {
            return null;
        }

        _taken += frame.TotalBytes;
        if (_taken == _filled)
        {
            (_taken, _filled) = (0, 0);
        }

        return frame.Type;
    }
}
