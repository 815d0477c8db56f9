using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net.Sockets;
using Pilotage.Broker;
using Pilotage.Core;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>Who comes in, how many at once, and how fast a device may speak: on sockets, with the reasons a client gets.</summary>
public sealed class AdmissionTests
{
    private readonly ManualTime _time = new();

    [OwnFact]
    public async Task Connections_that_do_not_come_in_are_closed_past_their_number_and_those_who_come_in_do_not_count()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { HalfOpenPerAddressMax = 2 });
        for (var i = 0; i < 5; i++)
        {
            // Each is in before the next one knocks.
            await RawClient.ConnectAsync(broker.Port, $"in-{i}");
        }

        using var first = await RawClient.OpenAsync(broker.Port);
        using var second = await RawClient.OpenAsync(broker.Port);
        using var third = await RawClient.OpenAsync(broker.Port);
        await third.ExpectEndAsync();

        first.Dispose();
        await Eventually(async () =>
        {
            using var next = await RawClient.OpenAsync(broker.Port);
            try
            {
                await next.SendAsync(t => MqttEncoder.Connect(t, new() { ClientId = "next" }));
                return await next.ReadAsync() is not null;
            }
            catch (SocketException)
            {
                return false;
            }
        });
    }

    [OwnFact]
    public async Task Clients_that_come_too_fast_wait_for_their_turn_or_are_told_to_come_again()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { ConnectsPerSecond = 2, ConnectWaitMax = TimeSpan.FromMilliseconds(700) });
        var clients = new List<RawClient>();
        for (var i = 0; i < 4; i++)
        {
            var client = await RawClient.OpenAsync(broker.Port);
            await client.SendAsync(t => MqttEncoder.Connect(t, new() { ClientId = $"c{i}" }));
            clients.Add(client);
        }

        var answers = new List<ConnAckPacket>();
        foreach (var client in clients)
        {
            answers.Add(await client.ConnAckAsync());
            client.Dispose();
        }

        // Two at once, one half a second later; the last one's turn would be a whole second off.
        Assert.Equal(
            [MqttReason.Success, MqttReason.Success, MqttReason.Success, MqttReason.ConnectionRateExceeded],
            answers.Select(answer => answer.Reason).Order());
        Assert.Contains("try again in", answers.Single(answer => answer.Reason.IsFailure()).Properties!.ReasonString, StringComparison.Ordinal);
    }

    [OwnFact]
    public async Task An_address_that_fails_too_often_is_answered_without_being_heard()
    {
        var asked = 0;
        var hooks = new OpenHooks
        {
            OnConnect = _ =>
            {
                Interlocked.Increment(ref asked);
                return ConnectDecision.Refuse(MqttReason.BadUserNameOrPassword, "no");
            },
        };
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { FailedConnectsPerSecondMax = 2 }, hooks);

        // Opened before anybody failed: the address is let as far as CONNECT.
        using var last = await RawClient.OpenAsync(broker.Port);
        for (var i = 0; i < 2; i++)
        {
            using var client = await RawClient.OpenAsync(broker.Port);
            await client.SendAsync(t => MqttEncoder.Connect(t, new() { ClientId = "c" }));
            Assert.Equal(MqttReason.BadUserNameOrPassword, (await client.ConnAckAsync()).Reason);
        }

        await last.SendAsync(t => MqttEncoder.Connect(t, new() { ClientId = "c" }));
        var answer = await last.ConnAckAsync();
        Assert.Equal(MqttReason.ServerBusy, answer.Reason);
        Assert.Contains("try again in", answer.Properties!.ReasonString, StringComparison.Ordinal);
        Assert.Equal(2, asked);
    }

    [OwnTheory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_device_above_its_rate_is_slowed_down_and_loses_nothing(bool isDevice, bool isPaced)
    {
        const int Messages = 30;
        var hooks = new OpenHooks
        {
            OnConnect = request => ConnectDecision.Accept(
                new(new TenantId("acme"), request.ClientId, isDevice ? new DeviceId("pump-1") : null, "test", request.Listener)) with { Paced = isPaced },
        };
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { PublishesPerSecond = 20, PublishBurst = 10 }, hooks);
        using var client = (await RawClient.ConnectAsync(broker.Port, "c")).Client;
        var began = Stopwatch.GetTimestamp();
        for (ushort id = 1; id <= Messages; id++)
        {
            await client.PublishAsync("a", "x", 1, id);
        }

        for (var id = 1; id <= Messages; id++)
        {
            Assert.Equal(MqttReason.Success, (await client.PubAckAsync()).Reason);
        }

        var took = Stopwatch.GetElapsedTime(began);
        Assert.Equal(Messages, broker.Hooks.Received.Count);
        if (isDevice && isPaced)
        {
            // 20 of them past the burst; the first wait follows the message that causes it.
            Assert.True(took > TimeSpan.FromSeconds(0.9), $"took {took}");
        }
    }

    [OwnTheory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Connections_of_one_device_share_its_rate(int connections)
    {
        const int Messages = 30;
        var hooks = new OpenHooks
        {
            OnConnect = request => ConnectDecision.Accept(
                new(new TenantId("acme"), request.ClientId, new DeviceId("pump-1"), "test", request.Listener)),
        };
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { PublishesPerSecond = 20, PublishBurst = 10 }, hooks);
        var clients = new List<RawClient>();
        for (var i = 0; i < connections; i++)
        {
            clients.Add((await RawClient.ConnectAsync(broker.Port, $"pump-1:{i}")).Client);
        }

        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < Messages; i++)
        {
            await clients[i % connections].PublishAsync("a", "x", 1, (ushort)(i + 1));
        }

        foreach (var client in clients)
        {
            for (var i = 0; i < Messages / connections; i++)
            {
                Assert.Equal(MqttReason.Success, (await client.PubAckAsync()).Reason);
            }

            client.Dispose();
        }

        // With a burst of its own for each connection three would be done at once.
        var took = Stopwatch.GetElapsedTime(began);
        Assert.True(took > TimeSpan.FromSeconds(0.8), $"took {took}");
        Assert.Equal(Messages, broker.Hooks.Received.Count);
    }

    [OwnFact]
    public Task A_connection_past_their_number_is_named_in_the_log_and_counted() =>
        TurnedAwayAsync("connections", "", new() { ConnectionsMax = 1 }, async broker =>
        {
            using var inside = (await RawClient.ConnectAsync(broker.Port, "inside")).Client;
            using var next = await RawClient.OpenAsync(broker.Port);
            await next.ExpectEndAsync();
        });

    [OwnFact]
    public Task A_connection_past_those_half_open_is_named_in_the_log_and_counted() =>
        TurnedAwayAsync("half-open", "", new() { HalfOpenPerAddressMax = 1 }, async broker =>
        {
            using var first = await RawClient.OpenAsync(broker.Port);
            using var second = await RawClient.OpenAsync(broker.Port);
            await second.ExpectEndAsync();
        });

    [OwnFact]
    public Task A_client_of_an_address_that_failed_too_often_is_named_in_the_log_and_counted() =>
        TurnedAwayAsync("failed-connects", "late", new() { FailedConnectsPerSecondMax = 1 }, async broker =>
        {
            broker.Hooks.OnConnect = _ => ConnectDecision.Refuse(MqttReason.NotAuthorized, "no");
            using var late = await RawClient.OpenAsync(broker.Port);
            Assert.Equal(MqttReason.NotAuthorized, await AnswerAsync(broker, "unknown"));
            await late.SendAsync(t => MqttEncoder.Connect(t, new() { ClientId = "late" }));
            Assert.Equal(MqttReason.ServerBusy, (await late.ConnAckAsync()).Reason);
        });

    [OwnFact]
    public Task A_client_whose_turn_is_too_far_off_is_named_in_the_log_and_counted() =>
        TurnedAwayAsync("connect-rate", "next", new() { ConnectsPerSecond = 1, ConnectWaitMax = TimeSpan.FromMilliseconds(1) }, async broker =>
        {
            Assert.Equal(MqttReason.Success, await AnswerAsync(broker, "first"));
            Assert.Equal(MqttReason.ConnectionRateExceeded, await AnswerAsync(broker, "next"));
        });

    [OwnFact]
    public Task A_client_for_whom_there_is_no_memory_is_named_in_the_log_and_counted() =>
        TurnedAwayAsync("memory", "new", new() { MemoryMax = 1000, MemoryInUse = () => 700 }, broker => Eventually(async () =>
        {
            // The sweep looks at the memory.
            _time.Advance(TimeSpan.FromSeconds(1));
            return await AnswerAsync(broker, "new") == MqttReason.ServerBusy;
        }));

    [Fact]
    public async Task A_server_short_of_memory_makes_no_new_sessions_and_goes_on_with_those_it_has()
    {
        var inUse = 0L;
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { MemoryMax = 1000, MemoryInUse = () => Volatile.Read(ref inUse) });
        using var inside = (await RawClient.ConnectAsync(broker.Port, "inside")).Client;
        Volatile.Write(ref inUse, 700);
        await Eventually(async () => await AnswerAsync(broker, "new") == MqttReason.ServerBusy);
        Assert.Equal(MqttReason.Success, await AnswerAsync(broker, "inside"));

        Volatile.Write(ref inUse, 699);
        await Eventually(async () => await AnswerAsync(broker, "new") == MqttReason.Success);
    }

    private async Task TurnedAwayAsync(string cause, string clientId, BrokerOptions options, Func<TestBroker, Task> provoke)
    {
        using var counted = new CountedTurnAways();
        using var logs = new LogLines();
        await using var broker = await TestBroker.StartAsync(options, time: _time, logs: logs);
        await provoke(broker);

        // A client may hear of it before the log does.
        await Eventually(async () =>
        {
            await Task.Yield();
            return counted.Causes.Contains(cause) && logs.All.Any(line => line.Id == 2107
                && line.Text.StartsWith($"Client \"{clientId}\" at 127.0.0.1:", StringComparison.Ordinal)
                && line.Text.Contains($" was turned away by plain: {cause}, ", StringComparison.Ordinal));
        });
    }

    private static async Task<MqttReason> AnswerAsync(TestBroker broker, string clientId)
    {
        using var client = await RawClient.OpenAsync(broker.Port);
        await client.SendAsync(t => MqttEncoder.Connect(t, new() { ClientId = clientId }));
        return (await client.ConnAckAsync()).Reason;
    }

    /// <summary>The end of a connection is seen by the broker a little after we have closed it.</summary>
    private static async Task Eventually(Func<Task<bool>> holds)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10), "not within 10 s");
        }
    }

    /// <summary>The causes that the broker's metric has counted; the tests of the process share it.</summary>
    private sealed class CountedTurnAways : IDisposable
    {
        private readonly MeterListener _listener = new();

        public CountedTurnAways()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "pilotage.broker.connects.turned_away")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, _, labels, _) => Causes.Add((string)labels[0].Value!));
            _listener.Start();
        }

        public ConcurrentBag<string> Causes { get; } = [];

        public void Dispose() => _listener.Dispose();
    }
}
