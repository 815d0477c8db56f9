using System.Buffers;
using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Broker;
using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Benchmarks;

/// <summary>
/// PUBLISH over a socket into the broker and out of it over another, with every acknowledgement; the figures are of one message. What is
/// allocated must be 0: the clients are bytes made before.
/// </summary>
public class PublishPath
{
    private const int Messages = 1_000;
    private const int PayloadBytes = 200;
    private const string Topic = "bench/pump-1/_tele";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pilotage-bench-");
    private readonly byte[] _room = new byte[64 * 1024];
    private readonly ArrayBufferWriter<byte> _out = new(64 * 1024);
    private MqttBroker _broker = null!;
    private Socket _publisher = null!;
    private Socket _reader = null!;
    private byte[] _packet = null!;
    private int _idAt;

    [Params(0, 1)]
    public int Qos { get; set; }

    [GlobalSetup]
    public async Task Open()
    {
        var options = new BrokerOptions
        {
            Listeners = [new() { Name = "plain", EndPoint = new IPEndPoint(IPAddress.Loopback, 0), Insecure = true, Acks = AckPolicy.Memory }],
        };
        _broker = await MqttBroker.StartAsync(
            options, new OpenDoor(), new PosixDirectory(_folder.FullName), TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        _reader = Connect("reader");
        Send(_reader, t => MqttEncoder.Subscribe(t, MqttVersion.V5, new SubscribePacket(1, [new(Topic, (byte)Qos)]), int.MaxValue));
        _reader.Receive(_room);
        _publisher = Connect("publisher");
        var packet = new ArrayBufferWriter<byte>();
        var delivery = new PublishDelivery { Qos = (byte)Qos, PacketId = 1 };
        MqttEncoder.Publish(packet, MqttVersion.V5, new MqttMessage { Topic = Topic, Payload = new byte[PayloadBytes] }, delivery, int.MaxValue);
        _packet = packet.WrittenSpan.ToArray();
        _idAt = _packet.Length - PayloadBytes - 3;
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public void Pass()
    {
        for (var i = 0; i < Messages; i++)
        {
            _publisher.Send(_packet);
            ReceiveWhole(_reader, _packet.Length);
            if (Qos == 1)
            {
                // PUBACK of the delivery, with the identifier that it came with; then that of the publication.
                Span<byte> ack = [0x40, 2, _room[_idAt], _room[_idAt + 1]];
                _reader.Send(ack);
                ReceiveWhole(_publisher, ack.Length);
            }
        }
    }

    [GlobalCleanup]
    public async Task Close()
    {
        _publisher.Dispose();
        _reader.Dispose();
        await _broker.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private void ReceiveWhole(Socket socket, int bytes)
    {
        for (var got = 0; got < bytes;)
        {
            got += socket.Receive(_room.AsSpan(got, bytes - got));
        }
    }

    /// <summary>Blocking calls alone: a socket that has once been used otherwise allocates for each of them.</summary>
    private Socket Connect(string clientId)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, _broker.BoundEndpoints[0].Port);
        Send(socket, t => MqttEncoder.Connect(t, new ConnectPacket { ClientId = clientId, CleanStart = true }));
        socket.Receive(_room);
        return socket;
    }

    private void Send(Socket socket, Action<IBufferWriter<byte>> write)
    {
        _out.ResetWrittenCount();
        write(_out);
        socket.Send(_out.WrittenSpan);
    }

    /// <summary>Lets everybody in, and stores nothing.</summary>
    private sealed class OpenDoor : BrokerHooks
    {
        public override ValueTask<ConnectDecision> ConnectAsync(ConnectRequest request, CancellationToken cancellation) => ValueTask.FromResult(
            ConnectDecision.Accept(new ClientIdentity(new TenantId("bench"), request.ClientId, null, "bench", request.Listener)));

        public override bool MayPublish(ClientIdentity who, string topic) => true;

        public override bool MaySubscribe(ClientIdentity who, string filter) => true;
    }
}
