using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;

namespace Pilotage.System.Gateway;

/// <summary>A device program that publishes through its queue on disk, to be killed.</summary>
internal static class QueuePublisher
{
    public const string Topic = "acme/n";
    public const int MessagesPerLife = 200;
    private const int Tasks = 8;

    /// <summary>Says <c>taken NUMBER</c> for each message once it is on disk; from number 0 on it only sends what waits, and says <c>empty</c>.</summary>
    public static async Task RunAsync(string folder, int port, int first)
    {
        await using var client = new MqttClient(Options(folder, port), TimeProvider.System, new(Environment.ProcessId), NullLogger<MqttClient>.Instance);
        await client.StartAsync(default);
        if (first > 0)
        {
            var number = first - 1;
            await Task.WhenAll(Enumerable.Range(0, Tasks).Select(async _ =>
            {
                while (Interlocked.Increment(ref number) is var next && next < first + MessagesPerLife)
                {
                    await client.PublishAsync(Message(next), default);
                    Console.WriteLine($"taken {next}");
                }
            }));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
        }

        await client.EmptyQueueAsync(default);
        var state = client.Queue!;
        Console.WriteLine($"empty sent={state.Sent} damaged={state.Damaged} uncertain={state.Uncertain} refused={state.Refused}");
    }

    /// <summary>Even numbers are to arrive exactly once.</summary>
    public static MqttMessage Message(int number) => new()
    {
        Topic = Topic,
        Payload = BitConverter.GetBytes(number),
        Qos = (byte)(number % 2 == 0 ? 2 : 1),
    };

    public static MqttClientOptions Options(string? folder, int port, string clientId = "publisher") => new()
    {
        Endpoint = MqttEndpoint.Tcp("127.0.0.1", port),
        ClientId = clientId,
        CleanStart = false,
        SessionExpiry = TimeSpan.FromDays(1),
        BackoffMin = TimeSpan.FromMilliseconds(20),
        BackoffMax = TimeSpan.FromMilliseconds(200),
        Queue = folder is null ? null : new() { Folder = folder },
    };
}
