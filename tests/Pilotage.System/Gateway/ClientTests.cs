using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.System.Gateway;

[global::System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(MqttVersion.V5)]
    [InlineData(MqttVersion.V311)]
    public async Task Qos_2_passes_from_end_to_end_over_websockets(MqttVersion version)
    {
        var listener = TestBroker.Plain with { WebSocket = new() };
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { Listeners = [listener] });
        var messages = Channel.CreateUnbounded<MqttMessage>();
        await using var client = new MqttClient(
            new() { Endpoint = MqttEndpoint.WebSocket("127.0.0.1", broker.Port), ClientId = "ws", Version = version },
            TimeProvider.System,
            new(1),
            NullLogger<MqttClient>.Instance)
        {
            OnMessage = (message, _) => messages.Writer.WriteAsync(message, CancellationToken.None),
        };
        await client.ConnectAsync(default).WaitAsync(Patience);
        Assert.Equal(MqttReason.GrantedQos2, await client.SubscribeAsync("acme/#", 2, default));
        for (var i = 0; i < 300; i++)
        {
            var sent = new MqttMessage { Topic = "acme/n", Payload = BitConverter.GetBytes(i), Qos = 2 };
            Assert.Equal(MqttReason.Success, await client.PublishAsync(sent, default).AsTask().WaitAsync(Patience));
        }

        for (var i = 0; i < 300; i++)
        {
            var got = await messages.Reader.ReadAsync().AsTask().WaitAsync(Patience);
            Assert.Equal((i, 2), (BitConverter.ToInt32(got.Payload.Span), (int)got.Qos));
        }

        Assert.Equal(300, broker.Hooks.Received.Count);
    }

    [Theory]
    [InlineData(MqttVersion.V5)]
    [InlineData(MqttVersion.V311)]
    public async Task A_message_reaches_its_subscriber_with_all_its_properties(MqttVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var (subscriber, messages) = Client(broker, "sub", version);
        await using var _ = subscriber;
        await subscriber.ConnectAsync(default);
        Assert.Equal(MqttReason.GrantedQos1, await subscriber.SubscribeAsync("acme/+/_tele", 1, default));
        await using var publisher = Client(broker, "pub", version).Client;
        await publisher.ConnectAsync(default);

        var sent = new MqttMessage
        {
            Topic = "acme/a/_tele",
            Payload = "42"u8.ToArray(),
            Qos = 1,
            ContentType = "application/json",
            UserProperties = [("a", "1"), ("a", "2")],
        };
        Assert.Equal(MqttReason.Success, await publisher.PublishAsync(sent, default));

        var got = await messages.ReadAsync().AsTask().WaitAsync(Patience);
        Assert.Equal("42", Encoding.UTF8.GetString(got.Payload.Span));
        Assert.Equal(version == MqttVersion.V5 ? "application/json" : null, got.ContentType);
        Assert.Equal(version == MqttVersion.V5 ? sent.UserProperties : [], got.UserProperties);
    }

    [Fact]
    public async Task Ten_thousand_messages_arrive_once_and_in_order()
    {
        await using var broker = await TestBroker.StartAsync();
        var (subscriber, messages) = Client(broker, "sub", expiry: TimeSpan.FromHours(1));
        await using var _ = subscriber;
        await subscriber.ConnectAsync(default);
        await subscriber.SubscribeAsync("acme/#", 1, default);
        await using var publisher = Client(broker, "pub").Client;
        await publisher.ConnectAsync(default);

        var sending = new List<Task<MqttReason>>();
        for (var i = 0; i < 10_000; i++)
        {
            var message = new MqttMessage { Topic = "acme/n", Payload = BitConverter.GetBytes(i), Qos = 1 };
            sending.Add(publisher.PublishAsync(message, default).AsTask());
        }

        for (var i = 0; i < 10_000; i++)
        {
            var got = await messages.ReadAsync().AsTask().WaitAsync(Patience);
            Assert.Equal(i, BitConverter.ToInt32(got.Payload.Span));
        }

        Assert.All(await Task.WhenAll(sending), reason => Assert.Equal(MqttReason.Success, reason));
        Assert.Equal(10_000, broker.Hooks.Received.Count);
    }

    [Fact]
    public async Task A_client_comes_back_after_a_restart_of_the_broker_with_session_and_unanswered_publishes()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { Listeners = [FixedPlain()] });
        var (client, messages) = Client(broker, "c", expiry: TimeSpan.FromHours(1));
        await using var _ = client;
        await client.ConnectAsync(default);
        await client.SubscribeAsync("acme/#", 1, default);

        var held = new TaskCompletionSource<PublishDecision>();
        var seen = 0;
        broker.Hooks.OnReceive = (_, _) =>
            Interlocked.Increment(ref seen) == 1 ? new(held.Task) : new(PublishDecision.Accepted);
        var publish = client.PublishAsync(new() { Topic = "acme/x", Payload = "1"u8.ToArray(), Qos = 1 }, default).AsTask();
        await messages.ReadAsync().AsTask().WaitAsync(Patience);
        Assert.False(publish.IsCompleted);

        held.SetException(new IOException("the disk is gone"));
        await broker.RestartAsync();
        var reason = await publish.WaitAsync(Patience);
        Assert.True(reason is MqttReason.Success or MqttReason.ImplementationSpecificError, $"{reason}");
        await broker.Broker.PublishAsync(new("acme"), new() { Topic = "acme/after", Qos = 1 }, default);
        MqttMessage got;
        do
        {
            got = await messages.ReadAsync().AsTask().WaitAsync(Patience);
        }
        while (got.Topic != "acme/after");
    }

    [Fact]
    public async Task A_request_gets_its_answer()
    {
        await using var broker = await TestBroker.StartAsync();
        await using var answerer = Client(broker, "answerer").Client;
        answerer.OnMessage = async (question, cancellation) => await answerer.PublishAsync(
            new()
            {
                Topic = question.ResponseTopic!,
                CorrelationData = question.CorrelationData,
                Payload = "pong"u8.ToArray(),
                Qos = 1,
            },
            cancellation);
        await answerer.ConnectAsync(default);
        await answerer.SubscribeAsync("acme/a/_cmd/ping", 1, default);
        await using var asker = Client(broker, "asker").Client;
        await asker.ConnectAsync(default);

        var answer = await asker.RequestAsync(new() { Topic = "acme/a/_cmd/ping" }, "acme/b/_cmd/answers", Patience, default);

        Assert.Equal("pong", Encoding.UTF8.GetString(answer.Payload.Span));
    }

    [Fact]
    public async Task A_message_whose_handler_failed_is_delivered_again()
    {
        await using var broker = await TestBroker.StartAsync();
        var tries = 0;
        var done = new TaskCompletionSource();
        await using var client = Client(broker, "c", expiry: TimeSpan.FromHours(1)).Client;
        client.OnMessage = (_, _) =>
        {
            if (Interlocked.Increment(ref tries) == 1)
            {
                throw new InvalidOperationException("not today");
            }

            done.SetResult();
            return default;
        };
        await client.ConnectAsync(default);
        await client.SubscribeAsync("acme/#", 1, default);
        await broker.Broker.PublishAsync(new("acme"), new() { Topic = "acme/x", Qos = 1 }, default);

        await done.Task.WaitAsync(Patience);
        Assert.Equal(2, tries);
    }

    [Fact]
    public async Task A_handler_that_publishes_does_not_stop_the_messages()
    {
        await using var broker = await TestBroker.StartAsync();
        var (counter, echoes) = Client(broker, "counter");
        await using var _ = counter;
        await counter.ConnectAsync(default);
        await counter.SubscribeAsync("acme/out", 1, default);
        await using var worker = Client(broker, "worker").Client;
        worker.OnMessage = async (message, cancellation) =>
            await worker.PublishAsync(message with { Topic = "acme/out" }, cancellation);
        await worker.ConnectAsync(default);
        await worker.SubscribeAsync("acme/in", 1, default);
        for (var i = 0; i < 300; i++)
        {
            await broker.Broker.PublishAsync(
                new("acme"), new() { Topic = "acme/in", Qos = 1, Payload = BitConverter.GetBytes(i) }, default);
        }

        for (var i = 0; i < 300; i++)
        {
            var echo = await echoes.ReadAsync().AsTask().WaitAsync(Patience);
            Assert.Equal(i, BitConverter.ToInt32(echo.Payload.Span));
        }
    }

    [Fact]
    public async Task A_file_with_content_is_no_stale_socket()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "precious");
        var listener = new ListenerOptions { Name = "unix", EndPoint = new global::System.Net.Sockets.UnixDomainSocketEndPoint(file) };
        await Assert.ThrowsAnyAsync<IOException>(() => TestBroker.StartAsync(new BrokerOptions { Listeners = [listener] }));
        Assert.Equal("precious", await File.ReadAllTextAsync(file));
        File.Delete(file);
    }

    [Fact]
    public async Task A_refused_connection_says_why()
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Hooks.OnConnect = _ => ConnectDecision.Refuse(MqttReason.Banned, "not you");
        await using var client = Client(broker, "c").Client;

        var refused = await Assert.ThrowsAsync<MqttRefusedException>(() => client.ConnectAsync(default));

        Assert.Equal(MqttReason.Banned, refused.Reason);
    }

    [Fact]
    public async Task A_unix_socket_serves_and_a_stale_one_is_replaced()
    {
        var folder = Directory.CreateTempSubdirectory("pilotage-unix-");
        var path = Path.Combine(folder.FullName, "b.sock");
        await File.WriteAllBytesAsync(path, []); // What a killed process leaves: a name that nobody answers.
        var listener = new ListenerOptions { Name = "unix", EndPoint = new global::System.Net.Sockets.UnixDomainSocketEndPoint(path) };
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { Listeners = [listener] });
        await using var client = new MqttClient(
            new() { Endpoint = MqttEndpoint.Unix(path), ClientId = "u" }, TimeProvider.System, new(1), NullLogger<MqttClient>.Instance);

        await client.ConnectAsync(default).WaitAsync(Patience);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(MqttReason.Success, await client.PublishAsync(new() { Topic = "acme/x", Qos = 1 }, default));
        folder.Delete(recursive: true);
    }

    private static ListenerOptions FixedPlain()
    {
        using var probe = new global::System.Net.Sockets.TcpListener(global::System.Net.IPAddress.Loopback, 0);
        probe.Start();
        return TestBroker.Plain with { EndPoint = probe.LocalEndpoint };
    }

    private static (MqttClient Client, ChannelReader<MqttMessage> Messages) Client(
        TestBroker broker, string clientId, MqttVersion version = MqttVersion.V5, TimeSpan expiry = default)
    {
        var messages = Channel.CreateUnbounded<MqttMessage>();
        var client = new MqttClient(
            new()
            {
                Endpoint = MqttEndpoint.Tcp("127.0.0.1", broker.Port),
                ClientId = clientId,
                Version = version,
                SessionExpiry = expiry,
                BackoffMin = TimeSpan.FromMilliseconds(50),
            },
            TimeProvider.System,
            new(1),
            NullLogger<MqttClient>.Instance)
        {
            OnMessage = (message, _) =>
            {
                messages.Writer.TryWrite(message);
                return default;
            },
        };
        return (client, messages.Reader);
    }
}
