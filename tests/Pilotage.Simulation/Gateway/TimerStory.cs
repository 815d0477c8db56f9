using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Broker;
using Pilotage.Core;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing;
using Pilotage.Testing.Gateway;

namespace Pilotage.Simulation.Gateway;

/// <summary>
/// A broker on sockets whose every timer is let run out, in an order of the seed's, while the wall clock jumps: none may be
/// early, late, stuck, or fire again and again.
/// </summary>
internal sealed class TimerStory : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // An address that failed as often as here is heard again after less.
    private static readonly TimeSpan Forgiven = TimeSpan.FromSeconds(4);
    private static readonly X509Certificate2 Certificate = NewCertificate();
    private readonly Random _random;
    private readonly ManualTime _time = new();
    private readonly WallClock _wall;
    private MqttBroker? _broker;
    private int _sweeps;
    private int _clients;

    private TimerStory(int seed)
    {
        _random = new(seed);
        _wall = new(_time, _random);
    }

    /// <summary>How many timers were let run out.</summary>
    public int Timers { get; private set; }

    private int Plain => _broker!.BoundEndpoints.Single(bound => bound.Listener == "plain").Port;

    private int Secure => _broker!.BoundEndpoints.Single(bound => bound.Listener == "tls").Port;

    public static async Task<TimerStory> BeginAsync(int seed)
    {
        var story = new TimerStory(seed);
        var hooks = new OpenHooks
        {
            Remembers = false,
            OnConnect = request => request.ClientId.StartsWith("no", StringComparison.Ordinal)
                ? ConnectDecision.Refuse(MqttReason.NotAuthorized, "no")
                : ConnectDecision.Accept(new(new TenantId("acme"), request.ClientId, new DeviceId(request.ClientId), "test", request.Listener)),
        };
        story._broker = await MqttBroker.StartAsync(
            story.Options(), hooks, new SimulatedDisk(story._random).Root, story._time, NullLoggerFactory.Instance, CancellationToken.None);
        return story;
    }

    public async Task RunAsync()
    {
        Func<Task>[] timers = [ConnectAsync, HandshakeAsync, KeepAliveAsync, PaceAsync, TurnAsync, LingerAsync, StatusAsync, BarAsync];
        foreach (var timer in _random.GetItems(timers, 2).Concat(timers).OrderBy(_ => _random.Next()).Take(timers.Length + 1).ToList())
        {
            _wall.Disturb();
            await timer();
            Timers++;
        }
    }

    /// <summary>The whole process is suspended for longer than a keep alive; the client has spoken meanwhile, as it should.</summary>
    public async Task StandStillAsync()
    {
        using var peer = await ComeInAsync(keepAlive: 10);
        await PassAsync(TimeSpan.FromSeconds(1));
        await SweptAsync(() => _time.StandStill(TimeSpan.FromSeconds(60)));
        await peer.PingAsync();
        await PassAsync(TimeSpan.FromSeconds(10));
        await peer.PingAsync();
        await PassAsync(TimeSpan.FromSeconds(16));
        await peer.ExpectAsync(MqttPacketType.Disconnect);
    }

    public async ValueTask DisposeAsync()
    {
        _wall.Thaw();
        var stopping = _broker!.DisposeAsync().AsTask();
        while (!stopping.IsCompleted)
        {
            _wall.Advance(Tick);
            await Task.Yield();
        }

        await stopping;
    }

    /// <summary>From the accepted socket to a whole CONNECT.</summary>
    private async Task ConnectAsync()
    {
        using var peer = await SocketPeer.OpenAsync(Plain);
        await EndsAfterAsync(peer, TimeSpan.FromSeconds(10));
    }

    /// <summary>A TLS handshake that never begins.</summary>
    private async Task HandshakeAsync()
    {
        using var peer = await SocketPeer.OpenAsync(Secure);
        await EndsAfterAsync(peer, TimeSpan.FromSeconds(10));
    }

    private async Task KeepAliveAsync()
    {
        using var peer = await ComeInAsync(keepAlive: 10);
        for (var i = 0; i < 3; i++)
        {
            // Silence that is allowed, again and again.
            await PassAsync(TimeSpan.FromSeconds(14));
            _wall.Disturb();
            await peer.PingAsync();
        }

        await PassAsync(TimeSpan.FromSeconds(14));
        Check(!peer.HasAnything(), "keep alive ended a connection early");
        await PassAsync(TimeSpan.FromSeconds(2));
        await peer.ExpectAsync(MqttPacketType.Disconnect);
        await EndsAsync(peer);
    }

    /// <summary>A device above its rate waits for its turn, and no longer.</summary>
    private async Task PaceAsync()
    {
        using var peer = await ComeInAsync();
        for (ushort id = 1; id <= 4; id++)
        {
            await peer.PublishAsync("a", id);
        }

        // Two at once; the third is answered and then weighs: the fourth is not read for half a second.
        for (var i = 0; i < 3; i++)
        {
            await peer.ExpectAsync(MqttPacketType.PubAck);
        }

        _wall.Disturb();
        await UntilAsync(() => peer.HasAnything(), TimeSpan.FromSeconds(3), "a paced device is stuck");
        await peer.ExpectAsync(MqttPacketType.PubAck);
    }

    /// <summary>A tenant's clients come in one after the other.</summary>
    private async Task TurnAsync()
    {
        var peers = new List<SocketPeer>();
        for (var i = 0; i < 4; i++)
        {
            var peer = await SocketPeer.OpenAsync(Plain);
            await peer.SendConnectAsync(Name());
            peers.Add(peer);
        }

        _wall.Disturb();
        foreach (var peer in peers)
        {
            await UntilAsync(() => peer.HasAnything(), TimeSpan.FromSeconds(6), "a client's turn never came");
            await peer.ExpectAsync(MqttPacketType.ConnAck);
            peer.Dispose();
        }
    }

    /// <summary>A refused client that does not close.</summary>
    private async Task LingerAsync()
    {
        using var peer = await SocketPeer.OpenAsync(Plain);
        await peer.SendConnectAsync("no" + Name());
        await peer.ExpectAsync(MqttPacketType.ConnAck);
        _wall.Disturb();
        await UntilAsync(() => peer.HasAnything(), TimeSpan.FromSeconds(2), "a refused connection lingers");
        await EndsAsync(peer);
        await PassAsync(Forgiven);
    }

    /// <summary>The status topics come once in their interval: neither never nor in a storm.</summary>
    private async Task StatusAsync()
    {
        using var peer = await ComeInAsync(keepAlive: 600);
        await peer.SubscribeAsync("$SYS/broker/uptime");
        await peer.ExpectAsync(MqttPacketType.Publish);
        await PassAsync(TimeSpan.FromSeconds(25));
        _wall.Disturb();
        await PassAsync(TimeSpan.FromSeconds(25));
        var count = 0;
        await peer.SendAsync(target => MqttEncoder.Subscribe(target, MqttVersion.V5, new(8, [new("x", 0, false, false, 0)]), int.MaxValue));
        while (await peer.NextAsync() is { } next && next != MqttPacketType.SubAck)
        {
            count += next == MqttPacketType.Publish ? 1 : 0;
        }

        Check(count is 4 or 5 or 6, $"{count} status messages in 50 s");
    }

    /// <summary>An address that failed too often is heard again after a moment.</summary>
    private async Task BarAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            using var failing = await SocketPeer.OpenAsync(Plain);
            await failing.SendConnectAsync("no" + Name());
            await failing.NextAsync();
        }

        _wall.Disturb();
        await PassAsync(Forgiven);
        (await ComeInAsync()).Dispose();
    }

    /// <summary>A client comes in, when its turn has come.</summary>
    private async Task<SocketPeer> ComeInAsync(ushort keepAlive = 60)
    {
        var peer = await SocketPeer.OpenAsync(Plain);
        await peer.SendConnectAsync(Name(), keepAlive);
        await UntilAsync(peer.HasAnything, TimeSpan.FromSeconds(6), "a client does not come in");
        await peer.ExpectAsync(MqttPacketType.ConnAck);

        // Time passed until it came in: from here on it is known when the broker heard it last.
        await peer.PingAsync();
        return peer;
    }

    private async Task EndsAfterAsync(SocketPeer peer, TimeSpan after)
    {
        var began = _time.GetTimestamp();
        await SeenAsync(peer);

        // Its time began somewhere between: on a busy machine it is taken after some of it has passed.
        var unknown = _time.GetElapsedTime(began);
        _wall.Disturb();
        await PassAsync(after - TimeSpan.FromSeconds(1) - unknown);
        Check(!peer.HasAnything(), "a time-out came early");
        _wall.Disturb();
        await UntilAsync(peer.HasAnything, unknown + TimeSpan.FromSeconds(3), "a time-out is stuck");
        await EndsAsync(peer);
    }

    /// <summary>The broker has taken the connection, and so its time runs, once it serves one that came later.</summary>
    private async Task SeenAsync(SocketPeer peer)
    {
        if (peer.Port == Secure)
        {
            // Handshakes have a clock from the accept on; the loop accepts in order.
            using var later = await SocketPeer.OpenAsync(Secure);
            await later.SendRawAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
            await later.NextAsync();
            await PassAsync(Forgiven);
            return;
        }

        (await ComeInAsync()).Dispose();
    }

    /// <summary>To the end of the connection; the broker waits a moment for the client to close first.</summary>
    private async Task EndsAsync(SocketPeer peer)
    {
        do
        {
            await UntilAsync(peer.HasAnything, TimeSpan.FromSeconds(2), "a connection that has ended stays open");
        }
        while (await peer.NextAsync() is not null);
    }

    private string Name() => $"c{++_clients}";

    private async Task PassAsync(TimeSpan by)
    {
        for (var passed = TimeSpan.Zero; passed < by; passed += Tick)
        {
            await TickAsync();
        }
    }

    private async Task UntilAsync(Func<bool> holds, TimeSpan within, string what)
    {
        for (var passed = TimeSpan.Zero; !holds() && passed < within; passed += Tick)
        {
            await TickAsync();
            await Task.Delay(1);
        }

        // What has fallen due has to travel through threads and sockets in real time.
        var began = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            Check(TimeProvider.System.GetElapsedTime(began) < Patience, what);
            await Task.Delay(1);
        }
    }

    /// <summary>Half a second passes, and the broker's sweep has come by.</summary>
    private Task TickAsync() => SweptAsync(() => _wall.Advance(Tick));

    private async Task SweptAsync(Action passes)
    {
        var before = Volatile.Read(ref _sweeps);
        passes();
        var began = TimeProvider.System.GetTimestamp();
        while (Volatile.Read(ref _sweeps) == before)
        {
            Check(TimeProvider.System.GetElapsedTime(began) < Patience, "the broker's own timer is stuck");
            await Task.Yield();
        }
    }

    private static void Check(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException(what);
        }
    }

    private BrokerOptions Options() => new()
    {
        Listeners =
        [
            TestBroker.Plain,
            new() { Name = "tls", EndPoint = new IPEndPoint(IPAddress.Loopback, 0), Tls = new() { Certificate = () => Certificate } },
        ],
        PublishesPerSecond = 2,
        PublishBurst = 2,
        ConnectsPerSecond = 2,
        FailedConnectsPerSecondMax = 2,

        // Asked once in each sweep.
        MemoryMax = long.MaxValue,
        MemoryInUse = () =>
        {
            Interlocked.Increment(ref _sweeps);
            return 0;
        },
    };

    private static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
    }
}
