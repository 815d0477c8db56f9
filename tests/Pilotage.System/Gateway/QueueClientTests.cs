using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.System.Gateway;

/// <summary>A client with a queue on disk, and a broker that comes late, refuses, or has forgotten.</summary>
public sealed class QueueClientTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-queue-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(MqttVersion.V5)]
    [InlineData(MqttVersion.V311)]
    public async Task What_is_published_without_a_broker_is_sent_in_order_when_there_is_one(MqttVersion version)
    {
        var port = GatewayProcess.FreePort();
        await using (var early = Client(port, version))
        {
            await early.StartAsync(default);
            for (var i = 0; i < 100; i++)
            {
                Assert.Equal(MqttReason.Success, await PublishAsync(early, i));
            }
        }

        await using var client = Client(port, version);
        await client.StartAsync(default);
        for (var i = 100; i < 200; i++)
        {
            await PublishAsync(client, i);
        }

        Assert.Equal(200, client.Queue!.Waiting);
        await using var broker = await TestBroker.StartAsync(new BrokerOptions
        {
            Listeners = [TestBroker.Plain with { EndPoint = new IPEndPoint(IPAddress.Loopback, port) }],
        });
        await client.EmptyQueueAsync(default).WaitAsync(Patience);

        Assert.Equal(Enumerable.Range(0, 200), Numbers(broker));
        Assert.Equal((0, 200L), (client.Queue!.Waiting, client.Queue!.Sent));
    }

    [Fact]
    public async Task A_message_refused_for_good_is_told_and_the_rest_arrives()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { PacketBytesMax = 1000 });
        var losses = new ConcurrentQueue<MqttQueueLoss>();
        await using var client = Client(broker.Port);
        client.OnQueueLoss = losses.Enqueue;
        await client.ConnectAsync(default).WaitAsync(Patience);
        await PublishAsync(client, 1, "forbidden/x", qos: 1);
        await PublishAsync(client, 2, "forbidden/x", qos: 2);
        await client.PublishAsync(new() { Topic = "acme/n", Payload = new byte[2000], Qos = 1 }, default);
        await PublishAsync(client, 4);
        await client.EmptyQueueAsync(default).WaitAsync(Patience);

        Assert.Equal([4], Numbers(broker));
        Assert.Equal([MqttReason.NotAuthorized, MqttReason.NotAuthorized, MqttReason.PacketTooLarge], losses.Select(loss => loss.Reason).Order());
        Assert.Equal((3L, 1L), (client.Queue!.Refused, client.Queue!.Sent));
    }

    [Fact]
    public async Task A_message_refused_for_now_is_sent_until_it_is_taken()
    {
        await using var broker = await TestBroker.StartAsync();
        var tries = new ConcurrentQueue<int>();
        broker.Hooks.OnReceive = (_, message) =>
        {
            tries.Enqueue(BitConverter.ToInt32(message.Payload.Span));
            return new(tries.Count <= 2 ? PublishDecision.Refused(MqttReason.QuotaExceeded) : PublishDecision.Accepted);
        };
        await using var client = Client(broker.Port);
        await client.OpenQueueAsync(default);
        await PublishAsync(client, 1, qos: 2);
        await PublishAsync(client, 2, qos: 1);
        await client.ConnectAsync(default).WaitAsync(Patience);
        await client.EmptyQueueAsync(default).WaitAsync(Patience);

        Assert.Equal([1, 2, 1, 2], tries);
        Assert.Equal((2L, 0L), (client.Queue!.Sent, client.Queue!.Refused));
    }

    [Theory]
    [InlineData(MqttVersion.V5)]
    [InlineData(MqttVersion.V311)]
    public async Task A_new_folder_begins_a_new_session_whatever_the_broker_kept(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        foreach (var isNew in new[] { true, false, true })
        {
            if (isNew)
            {
                Directory.Delete(_folder, recursive: true);
            }

            var states = new ConcurrentQueue<MqttConnectionState>();
            await using var client = Client(broker.Port, version);
            client.OnStateChanged = states.Enqueue;
            await client.ConnectAsync(default).WaitAsync(Patience);
            await client.SubscribeAsync("acme/#", 1, default);
            await PublishAsync(client, 1, qos: 2);
            await client.EmptyQueueAsync(default).WaitAsync(Patience);

            Assert.Equal(!isNew, states.First(state => state.Connected).SessionPresent);
        }
    }

    [Fact]
    public async Task Exactly_once_is_not_promised_without_a_session_that_lasts()
    {
        await using var client = new MqttClient(
            new() { Endpoint = MqttEndpoint.Tcp("127.0.0.1", 1), Queue = new() { Folder = _folder } }, TimeProvider.System, new(1), NullLogger<MqttClient>.Instance);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(async () => await PublishAsync(client, 1, qos: 2));
        Assert.Contains("ClientId, SessionExpiry above zero and CleanStart = false, or publish with QoS 1", refused.Message, StringComparison.Ordinal);
        await PublishAsync(client, 1, qos: 1);
        Assert.Equal(1, client.Queue!.Waiting);
    }

    [Fact]
    public async Task A_request_does_not_go_through_the_queue()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var answerer = new MqttClient(
            QueuePublisher.Options(null, broker.Port, "answerer"), TimeProvider.System, new(1), NullLogger<MqttClient>.Instance);
        answerer.OnMessage = async (question, cancellation) => await answerer.PublishAsync(
            new() { Topic = question.ResponseTopic!, CorrelationData = question.CorrelationData, Qos = 1 }, cancellation);
        await answerer.ConnectAsync(default).WaitAsync(Patience);
        await answerer.SubscribeAsync("acme/ask", 1, default);
        await using var client = Client(broker.Port);
        await client.ConnectAsync(default).WaitAsync(Patience);

        await client.RequestAsync(new() { Topic = "acme/ask" }, "acme/answers", Patience, default);

        Assert.Equal((0, 0L), (client.Queue!.Waiting, client.Queue!.Sent));
    }

    private static async Task<MqttReason> PublishAsync(MqttClient client, int number, string topic = "acme/n", int? qos = null) =>
        await client.PublishAsync(
            new() { Topic = topic, Payload = BitConverter.GetBytes(number), Qos = (byte)(qos ?? 1 + (number % 2)) }, default).AsTask().WaitAsync(Patience);

    private static IEnumerable<int> Numbers(TestBroker broker) => broker.Hooks.Received.Select(message => BitConverter.ToInt32(message.Payload.Span));

    private MqttClient Client(int port, MqttVersion version = MqttVersion.V5) => new(
        QueuePublisher.Options(_folder, port) with { Version = version }, TimeProvider.System, new(1), NullLogger<MqttClient>.Instance);
}
