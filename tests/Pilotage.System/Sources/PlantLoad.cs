using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;

namespace Pilotage.System.Sources;

/// <summary>Machines of a plant that publish numbered messages to its broker with QoS 1 or 2, and note which it acknowledged.</summary>
internal sealed class PlantLoad : IAsyncDisposable
{
    public const int Machines = 4;
    public const long FirstMs = 1_700_000_000_000;
    private const int Parallel = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly HashSet<long> _acked = [];
    private readonly MqttClient _client;
    private long _next;

    public PlantLoad(int port) => _client = new MqttClient(
        new MqttClientOptions { Endpoint = MqttEndpoint.Tcp("127.0.0.1", port), ClientId = "plant", CleanStart = false, SessionExpiry = TimeSpan.FromDays(1), BackoffMax = TimeSpan.FromSeconds(1) },
        TimeProvider.System,
        new Random(7),
        NullLogger<MqttClient>.Instance);

    /// <summary>What the plant's broker took on: it holds these until they are acknowledged by us.</summary>
    public IReadOnlyCollection<long> Acked => _acked;

    public static string Machine(long number) => $"press-{number % Machines}";

    public Task ConnectAsync() => _client.ConnectAsync(CancellationToken.None).WaitAsync(Patience);

    /// <summary>Publishes that many and comes back when all are acknowledged.</summary>
    public async Task PublishAsync(int count)
    {
        var end = _next + count;
        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => PublishUntilAsync(() => Volatile.Read(ref _next) < end))).WaitAsync(Patience);
    }

    /// <summary>Publishes until something has ended.</summary>
    public async Task PublishWhileAsync(Task lasts)
    {
        var publishing = Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => PublishUntilAsync(() => !lasts.IsCompleted)));
        await lasts;
        await publishing.WaitAsync(Patience);
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private async Task PublishUntilAsync(Func<bool> goesOn)
    {
        while (goesOn())
        {
            var number = Interlocked.Increment(ref _next) - 1;
            var payload = string.Create(CultureInfo.InvariantCulture, $"{{\"at\":{FirstMs + number},\"n\":{number},\"check\":{Check(number):R}}}");
            var reason = await _client.PublishAsync(
                new MqttMessage { Topic = $"factory/l1/{Machine(number)}/report", Payload = Encoding.UTF8.GetBytes(payload), Qos = (byte)(1 + (number % 2)) }, CancellationToken.None);
            if (!reason.IsFailure())
            {
                lock (_acked)
                {
                    _acked.Add(number);
                }
            }
        }
    }

    public static double Check(long number) => Math.Round(Math.Sin(number), 6);
}
