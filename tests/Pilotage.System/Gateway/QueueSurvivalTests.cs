using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Sdk;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Gateway;

/// <summary>A program that publishes through its queue on disk is killed again and again, and so is the broker it sends to.</summary>
public sealed class QueueSurvivalTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly int Kills = TestSize.Count(20, 200);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string Binary = Path.Combine(AppContext.BaseDirectory, "Pilotage.System");
    private readonly Random _random = new(11);
    private readonly ConcurrentQueue<int> _received = new();
    private readonly MessageLedger _atLeastOnce = new();
    private readonly MessageLedger _exactlyOnce = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-queue-").FullName;
    private ChildProcess? _broker;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Nothing_taken_is_lost_and_qos_2_comes_once_whoever_is_killed()
    {
        var port = GatewayProcess.FreePort();
        _broker = await StartBrokerAsync(_folder, port);
        await using (var reader = await ReaderAsync(port))
        {
            for (var kill = 0; kill < Kills; kill++)
            {
                await using var publisher = Publisher(_folder, port, 1 + (kill * QueuePublisher.MessagesPerLife));
                Note(await publisher.WaitForAsync("taken", Patience));
                await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(1, 200)), TimeProvider.System, default);
                if (kill % 2 == 0)
                {
                    // In the middle of sending; what is published now waits.
                    _broker.Kill();
                    await _broker.EndAsync();
                    await _broker.DisposeAsync();
                    await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(1, 50)), TimeProvider.System, default);
                    _broker = await StartBrokerAsync(_folder, port);
                    await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(1, 400)), TimeProvider.System, default);
                }

                publisher.Kill();
                foreach (var line in await publisher.EndAsync())
                {
                    Note(line);
                }
            }

            await using var last = Publisher(_folder, port, 0);
            var empty = await last.WaitForAsync("empty", Patience);
            await EndOfStreamAsync(port);
            output.WriteLine($"{Kills} kills of the program, {(Kills + 1) / 2} of the broker; {empty}");
            Assert.EndsWith("damaged=0 uncertain=0 refused=0", empty, StringComparison.Ordinal);
        }

        Account();
    }

    private void Note(string line)
    {
        if (line.StartsWith("taken ", StringComparison.Ordinal))
        {
            var number = int.Parse(line["taken ".Length..]);
            (number % 2 == 0 ? _exactlyOnce : _atLeastOnce).Ack(number);
        }
    }

    private void Account()
    {
        var numbers = _received.Where(number => number > 0).ToArray();
        _exactlyOnce.Account(numbers.Where(number => number % 2 == 0).Select(number => ((long)number, true)), knowsAllSent: false);
        var repeated = numbers.Where(number => number % 2 != 0).ToArray();
        _atLeastOnce.Account(repeated.Distinct().Select(number => ((long)number, true)), knowsAllSent: false);
        output.WriteLine($"QoS 2: {_exactlyOnce}");
        output.WriteLine($"QoS 1: {_atLeastOnce}, {repeated.Length - repeated.Distinct().Count()} came again");
        Assert.Equal(0, _exactlyOnce.Faults);
        Assert.Equal(0, _atLeastOnce.Faults);
        Assert.True(_exactlyOnce.Acked > 5 * Kills, $"only {_exactlyOnce.Acked} messages were taken");
    }

    /// <summary>What was sent before a message of the same session's topic has reached the reader when that one has.</summary>
    private async Task EndOfStreamAsync(int port)
    {
        await using var marker = Client(QueuePublisher.Options(null, port, "marker"));
        await marker.ConnectAsync(default).WaitAsync(Patience);
        await marker.PublishAsync(new() { Topic = QueuePublisher.Topic, Payload = BitConverter.GetBytes(-1), Qos = 2 }, default).AsTask().WaitAsync(Patience);
        using var patience = new CancellationTokenSource(Patience);
        while (!_received.Contains(-1))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }
    }

    private async Task<MqttClient> ReaderAsync(int port)
    {
        var reader = Client(QueuePublisher.Options(null, port, "reader"));
        reader.OnMessage = (message, _) =>
        {
            _received.Enqueue(BitConverter.ToInt32(message.Payload.Span));
            return default;
        };
        await reader.ConnectAsync(default).WaitAsync(Patience);
        await reader.SubscribeAsync(QueuePublisher.Topic, 2, default);
        return reader;
    }

    private static MqttClient Client(MqttClientOptions options) => new(options, TimeProvider.System, new(1), NullLogger<MqttClient>.Instance);

    private static ChildProcess Publisher(string folder, int port, int first) =>
        ChildProcess.Start(Binary, ["queue-publisher", Path.Combine(folder, "queue"), $"{port}", $"{first}"]);

    private static async Task<ChildProcess> StartBrokerAsync(string folder, int port)
    {
        var broker = ChildProcess.Start(Binary, ["gateway", Path.Combine(folder, "broker"), "--port", $"{port}"]);
        await broker.WaitForAsync("ready", Patience);
        return broker;
    }
}
