using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk.Devices;

/// <summary>A device: sends its measurements and events, and stays connected. Safe for use from many tasks.</summary>
public sealed class DeviceClient : IAsyncDisposable
{
    private readonly DeviceClientOptions _options;
    private readonly MqttClient _client;

    private DeviceClient(DeviceClientOptions options, MqttClient client)
    {
        _options = options;
        _client = client;
    }

    /// <summary>Connects; an unreachable server is tried again until cancelled.</summary>
    /// <param name="options">Who and where.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Spreads reconnections.</param>
    /// <param name="loggers">Where the connection's story goes.</param>
    /// <param name="cancellation">Ends the first attempt.</param>
    /// <exception cref="MqttRefusedException">The server answered and refused.</exception>
    public static async Task<DeviceClient> ConnectAsync(
        DeviceClientOptions options, TimeProvider time, Random random, ILoggerFactory loggers, CancellationToken cancellation)
    {
#pragma warning disable CA2000 // Owned by the device client returned, and disposed of when connecting fails.
        var client = new MqttClient(
            new MqttClientOptions
            {
                Endpoint = options.Endpoint,
                Tls = options.Certificate is null ? null : new MqttTlsOptions { ClientCertificate = options.Certificate, Roots = options.Roots },
                ClientId = options.DeviceId,
                InflightMax = options.InflightMax,
                BackoffMin = options.BackoffMin,
                BackoffMax = options.BackoffMax,
            },
            time,
            random,
            loggers.CreateLogger<MqttClient>());
#pragma warning restore CA2000
        try
        {
            await client.ConnectAsync(cancellation);
            return new(options, client);
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

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

    /// <summary>Sends what is under way, says goodbye and ends.</summary>
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private async ValueTask<PublishAnswer> PublishAsync(MqttMessage message, CancellationToken cancellation)
    {
        var reason = await _client.PublishAsync(message, cancellation);
        // MQTT 5.0, section 2.4: reason codes below 0x80 say yes.
        return new((byte)reason < 0x80, reason.ToString());
    }
}
