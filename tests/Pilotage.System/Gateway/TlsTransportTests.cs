using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;
using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.System.Gateway;

/// <summary>TLS as bytes on a socket: records of every size, in pieces, at once, broken off, and never begun.</summary>
public sealed class TlsTransportTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TlsRig.Patience;

    // MQTT 5.0, clean start, keep alive 30 s, client identifier "raw".
    private static readonly byte[] Connect =
        [0x10, 16, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 5, 2, 0, 30, 0, 0, 3, (byte)'r', (byte)'a', (byte)'w'];

    private TlsRig _rig = null!;

    /// <summary>What somebody sends who does not speak TLS, or stops speaking it.</summary>
    public static TheoryData<string, byte[]> Nonsense => new()
    {
        { "http", "GET / HTTP/1.1\r\nHost: here\r\n\r\n"u8.ToArray() },
        { "mqtt", Connect },
        { "zeros", new byte[600] },
        { "a record that claims to be longer than any", [0x16, 3, 1, 0xFF, 0xFF, .. new byte[100]] },
        { "a hello that is none", [0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0xFF] },
    };

    public async Task InitializeAsync() => _rig = await TlsRig.StartAsync(new BrokerOptions { HandshakeTimeout = TimeSpan.FromSeconds(1) });

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task Messages_of_every_size_arrive_whole()
    {
        int[] sizes = [0, 1, 127, 4_095, 16_383, 16_384, 16_385, 70_000, 900_000, 3];
        using var reader = _rig.Device("reader");
        using var writer = _rig.Device("writer");
        await using var subscriber = _rig.Client(reader);
        var arrived = Channel.CreateUnbounded<string>();
        subscriber.OnMessage = (message, stops) => arrived.Writer.WriteAsync(Convert.ToHexString(SHA256.HashData(message.Payload.Span)), stops);
        await subscriber.ConnectAsync(default).WaitAsync(Patience);
        await subscriber.SubscribeAsync("acme/#", 1, default);
        await using var publisher = _rig.Client(writer);
        await publisher.ConnectAsync(default).WaitAsync(Patience);

        foreach (var size in sizes)
        {
            var payload = RandomNumberGenerator.GetBytes(size);
            Assert.Equal(MqttReason.Success, await publisher.PublishAsync(new() { Topic = "acme/x", Qos = 1, Payload = payload }, default));
            Assert.Equal(Convert.ToHexString(SHA256.HashData(payload)), await arrived.Reader.ReadAsync().AsTask().WaitAsync(Patience));
        }
    }

    /// <summary>The rest of a record that has come in part is read alone: what lies behind it in the socket must not be forgotten.</summary>
    [Theory]
    [InlineData(SslProtocols.Tls12, 1_000)]
    [InlineData(SslProtocols.Tls12, 5_000)]
    [InlineData(SslProtocols.Tls13, 300)]
    [InlineData(SslProtocols.Tls13, 1_000)]
    [InlineData(SslProtocols.Tls13, 3_000)]
    [InlineData(SslProtocols.Tls13, 8_000)]
    public async Task A_burst_of_messages_is_read_to_its_end(SslProtocols protocols, int payloadBytes)
    {
        const int Rounds = 10;
        const int Burst = 32;
        using var certificate = _rig.Device("pump-1");
        using var peer = await SocketPeer.OpenAsync(_rig.Broker.Port, async stream => await TlsRig.SecureAsync(stream, certificate, protocols));
        await peer.SendConnectAsync("pump-1");
        Assert.Equal(MqttReason.Success, await peer.ConnAckAsync());
        for (var round = 0; round < Rounds; round++)
        {
            for (ushort id = 1; id <= Burst; id++)
            {
                await peer.PublishAsync("acme/x", id, new byte[payloadBytes]);
            }

            for (var acked = 0; acked < Burst; acked++)
            {
                await peer.ExpectAsync(MqttPacketType.PubAck);
            }
        }
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_handshake_and_a_packet_may_come_byte_by_byte(SslProtocols protocols)
    {
        using var certificate = _rig.Device("pump-1");
        using var socket = await _rig.DialAsync();
        await using var secured = await TlsRig.SecureAsync(new Dribble(socket.GetStream()), certificate, protocols);
        await secured.WriteAsync(Connect);

        Assert.Equal(0x20, await FirstByteAsync(secured));
        Assert.Equal(protocols, secured.SslProtocol);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_client_has_shown_is_given_back_with_its_connection(bool isTrusted)
    {
        var seen = new TaskCompletionSource<X509Certificate2>();
        var trusts = _rig.Broker.Hooks.Trusts;
        _rig.Broker.Hooks.Trusts = shown => seen.TrySetResult(shown) && trusts(shown) && isTrusted;
        using var certificate = _rig.Device("pump-1");
        using var socket = await _rig.DialAsync();
        await using (var secured = await TlsRig.SecureAsync(socket.GetStream(), certificate, SslProtocols.Tls13))
        {
            await secured.WriteAsync(Connect);
            if (isTrusted)
            {
                Assert.Equal(0x20, await FirstByteAsync(secured));
            }
        }

        socket.Close();
        var given = await seen.Task.WaitAsync(Patience);
        using var patience = new CancellationTokenSource(Patience);
        while (given.Handle != 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }
    }

    [Fact]
    public async Task Many_packets_in_one_record_are_all_taken()
    {
        using var certificate = _rig.Device("pump-1");
        using var socket = await _rig.DialAsync();
        await using var secured = await TlsRig.SecureAsync(socket.GetStream(), certificate);
        byte[] publish = [0x32, 9, 0, 1, (byte)'a', 0, 0, 0, 0, 0, 0];
        var burst = new List<byte>(Connect);
        const int Packets = 30;
        for (var id = 1; id <= Packets; id++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(publish.AsSpan(5), (ushort)id);
            burst.AddRange(publish);
        }

        // A ping last: its answer comes after all the acknowledgements.
        burst.AddRange([0xC0, 0]);
        await secured.WriteAsync(burst.ToArray());

        var answers = new List<byte>();
        var buffer = new byte[4096];
        while (answers.Count < 2 || answers[^2] != 0xD0)
        {
            var got = await secured.ReadAsync(buffer).AsTask().WaitAsync(Patience);
            Assert.NotEqual(0, got);
            answers.AddRange(buffer[..got]);
        }

        Assert.Equal(Packets, _rig.Broker.Hooks.Received.Count);
    }

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task Whoever_does_not_speak_tls_is_cut_and_others_come_in(string what, byte[] bytes)
    {
        using var socket = await _rig.DialAsync();
        var stream = socket.GetStream();
        await stream.WriteAsync(bytes);
        await AssertEndsAsync(stream, what);

        using var certificate = _rig.Device("pump-1");
        await using var client = _rig.Client(certificate);
        await client.ConnectAsync(default).WaitAsync(Patience);
    }

    [Fact]
    public async Task A_handshake_that_is_not_gone_on_with_ends_after_its_time()
    {
        using var silent = await _rig.DialAsync();
        using var half = await _rig.DialAsync();
        await half.GetStream().WriteAsync(new byte[] { 0x16, 3, 1, 1, 0, 1, 0, 0 });

        await AssertEndsAsync(silent.GetStream(), "nothing sent");
        await AssertEndsAsync(half.GetStream(), "half a hello");
    }

    [Fact]
    public async Task A_device_whose_certificate_has_run_out_is_told_so()
    {
        // Certificates begin a day before they are made, so this one has ended an hour ago.
        using var certificate = _rig.Device("pump-1", TimeSpan.FromHours(-1));
        using var socket = await _rig.DialAsync();
        var fault = await Record.ExceptionAsync(async () =>
        {
            // In TLS 1.3 the client learns of it with the first bytes it reads (RFC 8446, section 4.4.2.4).
            await using var secured = await TlsRig.SecureAsync(socket.GetStream(), certificate);
            await secured.ReadExactlyAsync(new byte[1]).AsTask().WaitAsync(Patience);
        });

        Assert.Contains("certificate expired", fault?.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_renewed_certificate_is_shown_to_the_next_client_and_the_others_stay()
    {
        using var certificate = _rig.Device("pump-1");
        using var first = await _rig.DialAsync();
        await using var before = await TlsRig.SecureAsync(first.GetStream(), certificate);
        await before.WriteAsync(Connect);
        Assert.Equal(0x20, await FirstByteAsync(before));

        _rig.Shown = _rig.Authority.IssueServer(["127.0.0.1", "localhost"]);
        using var second = await _rig.DialAsync();
        await using var after = await TlsRig.SecureAsync(second.GetStream(), certificate);

        Assert.NotEqual(before.RemoteCertificate!.GetSerialNumberString(), after.RemoteCertificate!.GetSerialNumberString());
        Assert.Equal(_rig.Shown.SerialNumber, after.RemoteCertificate.GetSerialNumberString());
        await before.WriteAsync(new byte[] { 0xC0, 0 });
        Assert.NotEqual(0, await before.ReadAsync(new byte[64]).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task A_broker_that_stops_cuts_handshakes_that_are_under_way()
    {
        using var half = await _rig.DialAsync();
        await half.GetStream().WriteAsync(new byte[] { 0x16, 3, 1, 1, 0, 1, 0, 0 });
        await _rig.Broker.Broker.DisposeAsync().AsTask().WaitAsync(Patience);

        await AssertEndsAsync(half.GetStream(), "half a hello");
    }

    [Fact]
    public async Task Many_handshakes_at_once_all_come_in()
    {
        const int Devices = 60;
        var certificates = Enumerable.Range(0, Devices).Select(n => _rig.Device($"pump-{n}")).ToList();
        var clients = certificates.ConvertAll(certificate => _rig.Client(certificate));
        await Task.WhenAll(clients.Select(client => client.ConnectAsync(default))).WaitAsync(3 * Patience);

        Assert.Equal(Devices, _rig.Broker.Broker.Clients.Count);
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        certificates.ForEach(certificate => certificate.Dispose());
    }

    [Fact]
    public async Task A_reader_that_stops_reading_gets_everything_when_it_goes_on()
    {
        const int Messages = 400;
        using var reader = _rig.Device("reader");
        using var writer = _rig.Device("writer");
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var got = new List<string>();
        await using var subscriber = _rig.Client(reader);
        subscriber.OnMessage = async (message, _) =>
        {
            await goOn.Task;
            got.Add(Encoding.ASCII.GetString(message.Payload.Span[..4]));
            if (got.Count == Messages)
            {
                all.SetResult();
            }
        };
        await subscriber.ConnectAsync(default).WaitAsync(Patience);
        await subscriber.SubscribeAsync("acme/#", 1, default);
        await using var publisher = _rig.Client(writer);
        await publisher.ConnectAsync(default).WaitAsync(Patience);
        for (var n = 0; n < Messages; n++)
        {
            var payload = new byte[20_000];
            Encoding.ASCII.GetBytes($"{n:0000}", payload);
            Assert.Equal(MqttReason.Success, await publisher.PublishAsync(new() { Topic = "acme/x", Qos = 1, Payload = payload }, default));
        }

        goOn.SetResult();
        await all.Task.WaitAsync(Patience);
        Assert.Equal(Enumerable.Range(0, Messages).Select(n => $"{n:0000}"), got);
    }

    private static async Task<int> FirstByteAsync(SslStream secured)
    {
        var buffer = new byte[256];
        var got = await secured.ReadAsync(buffer).AsTask().WaitAsync(Patience);
        return got == 0 ? -1 : buffer[0];
    }

    private static async Task AssertEndsAsync(NetworkStream stream, string what)
    {
        var buffer = new byte[256];
        try
        {
            // An alert may come first.
            while (await stream.ReadAsync(buffer).AsTask().WaitAsync(Patience) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Cut with our bytes unread: also an end.
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{what}: the connection is still open");
        }
    }

    /// <summary>Sends every byte in a segment of its own.</summary>
    private sealed class Dribble(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count)
        {
            for (var i = 0; i < count; i++)
            {
                inner.Write(buffer, offset + i, 1);
            }
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            for (var i = 0; i < buffer.Length; i++)
            {
                await inner.WriteAsync(buffer.Slice(i, 1), cancellationToken);
            }
        }
    }
}
