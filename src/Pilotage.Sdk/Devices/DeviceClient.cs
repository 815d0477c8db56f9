using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk.Devices;

/// <summary>A device: sends its measurements and events, and stays connected. Safe for use from many tasks.</summary>
public sealed class DeviceClient : IAsyncDisposable
{
    // What our servers keep at most.
    private static readonly TimeSpan QueueSession = TimeSpan.FromDays(7);
    private readonly DeviceClientOptions _options;
    private readonly MqttClient _client;

    private DeviceClient(DeviceClientOptions options, MqttClient client)
    {
        _options = options;
        _client = client;
    }

    /// <summary>
    /// Told of each message that left the queue on disk without having reached the server; must return quickly. What opening the queue
    /// finds damaged is told by <see cref="Queue"/>.
    /// </summary>
    public Action<MqttQueueLoss>? OnQueueLoss { get; set; }

    /// <summary>Connects; an unreachable server is tried again until cancelled.</summary>
    /// <param name="options">Who and where.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Spreads reconnections.</param>
    /// <param name="loggers">Where the connection's story goes.</param>
    /// <param name="cancellation">Ends the first attempt.</param>
    /// <exception cref="MqttRefusedException">The server answered and refused.</exception>
    /// <exception cref="MqttQueueException">The queue on disk cannot be used.</exception>
    public static Task<DeviceClient> ConnectAsync(
        DeviceClientOptions options, TimeProvider time, Random random, ILoggerFactory loggers, CancellationToken cancellation) =>
        OpenAsync(options, time, random, loggers, client => client.ConnectAsync(cancellation));

    /// <summary>
    /// Begins to connect and returns: with <see cref="DeviceClientOptions.Queue"/> a device that has no network yet measures all the same.
    /// </summary>
    /// <param name="options">Who and where.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Spreads reconnections.</param>
    /// <param name="loggers">Where the connection's story goes; a refusal too, which is tried again.</param>
    /// <param name="cancellation">Ends the wait for the queue on disk.</param>
    /// <exception cref="MqttQueueException">The queue on disk cannot be used.</exception>
    public static Task<DeviceClient> StartAsync(
        DeviceClientOptions options, TimeProvider time, Random random, ILoggerFactory loggers, CancellationToken cancellation) =>
        OpenAsync(options, time, random, loggers, client => client.StartAsync(cancellation));

    /// <summary>How the connection stands.</summary>
    public MqttConnectionState State => _client.State;

    /// <summary>
    /// The server's words when it does not let this device in and will not by itself: certificate, rights, client id. Nothing while it does, or
    /// cannot be reached.
    /// </summary>
    public string? Refusal => _client.State is { Connected: false } state
        && state.Reason is MqttReason.NotAuthorized or MqttReason.BadUserNameOrPassword or MqttReason.Banned or MqttReason.ClientIdentifierNotValid
            or MqttReason.UnsupportedProtocolVersion or MqttReason.BadAuthenticationMethod
        ? state.Why
        : null;

    /// <summary>How the queue on disk stands; nothing without one.</summary>
    public MqttQueueState? Queue => _client.Queue;

    /// <summary>Waits until the queue on disk is empty; returns at once without one.</summary>
    /// <param name="cancellation">Ends the wait; what waits stays in the queue.</param>
    /// <exception cref="MqttQueueException">The queue has failed.</exception>
    public Task EmptyQueueAsync(CancellationToken cancellation) => _client.EmptyQueueAsync(cancellation);

    /// <summary>Sends any message below the device's path.</summary>
    /// <param name="topic">What follows the path: <c>_tele</c>, <c>_event/stop</c>.</param>
    /// <param name="payload">Its bytes; not to be written to afterwards.</param>
    /// <param name="qos">0, 1 or 2; 0 never goes through the queue.</param>
    /// <param name="retain">Whether the server keeps it for later subscribers.</param>
    /// <param name="cancellation">Ends the wait; the message may still arrive.</param>
    public ValueTask<PublishAnswer> SendAsync(string topic, ReadOnlyMemory<byte> payload, byte qos, bool retain, CancellationToken cancellation) =>
        PublishAsync(new() { Topic = $"{_options.Path}/{topic}", Payload = payload, Qos = qos, Retain = retain }, cancellation);

    /// <summary>Sends one row of measurements; completes with the other side's answer, across reconnections.</summary>
    /// <param name="unixMs">When it was measured, in milliseconds since 1970 UTC.</param>
    /// <param name="names">The properties.</param>
    /// <param name="values">Their values, in the same order; NaN is left out.</param>
    /// <param name="cancellation">Ends the wait; the message may still arrive.</param>
    public ValueTask<PublishAnswer> SendTelemetryAsync(
        long unixMs, IReadOnlyList<string> names, ReadOnlySpan<double> values, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, names.Count);
        var buffer = new ArrayBufferWriter<byte>(64 + (24 * names.Count));
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("ts"u8, unixMs);
            json.WriteStartObject("values"u8);
            for (var i = 0; i < values.Length; i++)
            {
                if (double.IsFinite(values[i]))
                {
                    json.WriteNumber(names[i], values[i]);
                }
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return PublishAsync(new() { Topic = $"{_options.Path}/_tele", Payload = buffer.WrittenMemory, Qos = 1, ContentType = "application/json" }, cancellation);
    }

    /// <summary>Sends an event as CloudEvents 1.0, binary mode.</summary>
    /// <param name="name">For example <c>stop</c>.</param>
    /// <param name="id">Unique for this device; a repeated id is recorded once.</param>
    /// <param name="at">When it happened.</param>
    /// <param name="data">Its JSON.</param>
    /// <param name="cancellation">Ends the wait; the event may still arrive.</param>
    public ValueTask<PublishAnswer> SendEventAsync(
        string name, string id, DateTimeOffset at, ReadOnlyMemory<byte> data, CancellationToken cancellation) => PublishAsync(
        new()
        {
            Topic = $"{_options.Path}/_event/{name}",
            Payload = data,
            Qos = 1,
            ContentType = "application/json",
            UserProperties =
            [
                ("ce_specversion", "1.0"), ("ce_id", id), ("ce_type", name), ("ce_source", $"/{_options.Path}"),
                ("ce_time", at.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'")),
            ],
        },
        cancellation);

    /// <summary>Reports a part of the device's twin; kept by the server until the next report of the same part.</summary>
    /// <param name="part">The part, for example the id of a release.</param>
    /// <param name="report">Its JSON.</param>
    /// <param name="cancellation">Ends the wait; the report may still arrive.</param>
    public ValueTask<PublishAnswer> SendReportedAsync(string part, ReadOnlyMemory<byte> report, CancellationToken cancellation) => PublishAsync(
        new() { Topic = $"{_options.Path}/_twin/reported/{part}", Payload = report, Qos = 1, Retain = true, ContentType = "application/json" },
        cancellation);

    /// <summary>Says goodbye and ends; what is in the queue on disk stays there.</summary>
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private static async Task<DeviceClient> OpenAsync(
        DeviceClientOptions options, TimeProvider time, Random random, ILoggerFactory loggers, Func<MqttClient, Task> connect)
    {
        // Owned by the device client returned, and disposed of when connecting fails.
        var client = new MqttClient(ClientOptions(options), time, random, loggers.CreateLogger<MqttClient>());
        var device = new DeviceClient(options, client);
        client.OnQueueLoss = loss => device.OnQueueLoss?.Invoke(loss);
        try
        {
            await connect(client);
            return device;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    private static MqttClientOptions ClientOptions(DeviceClientOptions options) => new()
    {
        Endpoint = options.Endpoint,
        Tls = options.Certificate is null ? null : new MqttTlsOptions { ClientCertificate = options.Certificate, Roots = options.Roots },
        ClientId = options.Program is { } program ? $"{options.DeviceId}:{program}" : options.DeviceId,
        CleanStart = options.Queue is null,
        SessionExpiry = options.Queue is null ? TimeSpan.Zero : QueueSession,
        Queue = options.Queue,
        InflightMax = options.InflightMax,
        BackoffMin = options.BackoffMin,
        BackoffMax = options.BackoffMax,
    };

    private async ValueTask<PublishAnswer> PublishAsync(MqttMessage message, CancellationToken cancellation)
    {
        var reason = await _client.PublishAsync(message, cancellation);
        // MQTT 5.0, section 2.4: reason codes below 0x80 say yes.
        return new((byte)reason < 0x80, reason.ToString());
    }
}
