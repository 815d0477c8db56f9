using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Server;

/// <summary>Several devices that publish with QoS 1 as fast as they are answered, a session that listens only between two lives, and the account.</summary>
internal sealed class ServerLoad
{
    private const int Parallel = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly HashSet<long> _acked = [];
    private readonly HashSet<long> _heard = [];
    private readonly ConcurrentBag<long> _sent = [];
    private ConcurrentBag<long> _underWay = [];
    private long _round;
    private bool _isSubscribed;

    public MessageLedger Ledger { get; } = new();

    /// <summary>Messages that were refused, by reason.</summary>
    public ConcurrentDictionary<MqttReason, int> Refused { get; } = new();

    /// <summary>Credentials of the devices when they come by TLS; otherwise they use the open listener.</summary>
    public DeviceCredentials? Credentials { get; init; }

    /// <summary>A number above all that were sent.</summary>
    public long Last => (Volatile.Read(ref _round) + 1) * NumberedMessages.Devices;

    /// <summary>Publishes until <paramref name="end"/> has ended, which begins with the first acknowledgement.</summary>
    public async Task RunAsync(ServerDoor door, Func<Task> end)
    {
        using var over = new CancellationTokenSource();
        var acked = _underWay = [];
        var clients = Enumerable.Range(0, NumberedMessages.Devices).Select(device => Client(door, device)).ToArray();
        try
        {
            await Task.WhenAll(clients.Select(client => client.ConnectAsync(over.Token))).WaitAsync(Patience);
            var sending = clients
                .SelectMany((client, device) => Enumerable.Range(0, Parallel).Select(_ => SendAsync(client, device, acked, over.Token)))
                .ToArray();
            using var patience = new CancellationTokenSource(Patience);
            while (acked.IsEmpty)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, patience.Token);
            }

            await end();
            await over.CancelAsync();
            await Task.WhenAll(sending);
        }
        finally
        {
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }

        Note(acked);
    }

    /// <summary>The numbers of all that was acknowledged by now, while messages go on.</summary>
    public HashSet<long> AckedSoFar() => [.. _acked, .. _underWay];

    /// <summary>Publishes one message of one device and gives the answer.</summary>
    public async Task<MqttReason> SendOneAsync(MqttClient client)
    {
        var acked = new ConcurrentBag<long>();
        using var patience = new CancellationTokenSource(Patience);
        var reason = await SendNextAsync(client, 0, acked, patience.Token);
        Note(acked);
        return reason;
    }

    public MqttClient Client(ServerDoor door, int device) => Client(new MqttClientOptions
    {
        Endpoint = MqttEndpoint.Tcp("127.0.0.1", Credentials is null ? door.MqttPort : door.MqttsPort),
        Tls = Credentials?.Of(device),
        ClientId = NumberedMessages.Name(device),
    });

    /// <summary>Compares what was acknowledged with what the API returns now.</summary>
    public async Task AccountAsync(ServerDoor door)
    {
        // What was on its way when the load ended may still be coming in: the store counts before and after.
        var (before, _) = await NumberedMessages.CountAsync(door);
        var stored = await NumberedMessages.StoredAsync(door, Last);
        foreach (var number in _sent)
        {
            Ledger.Sent(number);
        }

        Ledger.Account(stored, knowsAllSent: true);
        var (after, twice) = await NumberedMessages.CountAsync(door);
        Assert.True(
            before <= stored.Count && stored.Count <= after && twice == 0,
            $"the store counts {before} to {after} messages, {twice} of them twice; it returned {stored.Count}");
    }

    /// <summary>Takes what a lasting session was owed: all that was acknowledged since it last listened.</summary>
    public async Task ListenAsync(ServerDoor door)
    {
        await using var reader = Client(new MqttClientOptions
        {
            Endpoint = MqttEndpoint.Tcp("127.0.0.1", door.MqttPort),
            ClientId = "reader",
            CleanStart = false,
            SessionExpiry = TimeSpan.FromDays(1),
        });
        reader.OnMessage = (message, _) =>
        {
            lock (_heard)
            {
                _heard.Add(NumberedMessages.NumberOf(message));
            }

            return default;
        };
        await reader.ConnectAsync(default).WaitAsync(Patience);
        if (!_isSubscribed)
        {
            // Once: from then on the subscription itself has to survive.
            await reader.SubscribeAsync("default/+/+/_tele", 1, default).AsTask().WaitAsync(Patience);
            _isSubscribed = true;
        }

        var began = TimeProvider.System.GetTimestamp();
        while (Owed() is > 0 and var owed)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, $"{owed} of {_acked.Count} acknowledged messages did not reach the session");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    private int Owed()
    {
        lock (_heard)
        {
            return _acked.Count(number => !_heard.Contains(number));
        }
    }

    private void Note(ConcurrentBag<long> acked)
    {
        foreach (var number in acked)
        {
            Ledger.Ack(number);
            _acked.Add(number);
        }
    }

    private async Task SendAsync(MqttClient client, int device, ConcurrentBag<long> acked, CancellationToken over)
    {
        try
        {
            while (true)
            {
                await SendNextAsync(client, device, acked, over);
            }
        }
        catch (OperationCanceledException)
        {
            // The server is dead or the load is over; what was on its way was not acknowledged.
        }
    }

    private async Task<MqttReason> SendNextAsync(MqttClient client, int device, ConcurrentBag<long> acked, CancellationToken over)
    {
        var number = (Interlocked.Increment(ref _round) * NumberedMessages.Devices) + device;
        _sent.Add(number);
        var reason = await client.PublishAsync(NumberedMessages.Message(number), over);
        if (reason.IsFailure())
        {
            Refused.AddOrUpdate(reason, 1, (_, count) => count + 1);
        }
        else
        {
            acked.Add(number);
        }

        return reason;
    }

    private static MqttClient Client(MqttClientOptions options) => new(options, TimeProvider.System, new Random(1), NullLogger<MqttClient>.Instance);
}
