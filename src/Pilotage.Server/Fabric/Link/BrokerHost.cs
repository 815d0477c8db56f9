using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pilotage.Broker;
using Pilotage.Core.Contracts;
using Pilotage.Protocols.Mqtt;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Link;

/// <summary>Starts and stops the broker with the server, and publishes through it.</summary>
internal sealed class BrokerHost(
    ServerOptions options,
    IServerTls tls,
    DataFolder folder,
    ServerBrokerHooks hooks,
    TimeProvider time,
    ILoggerFactory logs) : IHostedService, IDeviceLink, IListener, IHealthCheck, IStorage, IAsyncDisposable
{
    private static readonly Refusal NotRunning = new("fabric.gateway.unavailable", "The gateway is not running: the server has no MQTT listener, or is about to stop.");
    private readonly List<(Device Device, ClientTrace Trace)> _traced = [];
    private MqttBroker? _broker;

    public IReadOnlyList<(string Name, string Address)> Endpoints =>
        [.. (_broker?.BoundEndpoints ?? []).Select(e => (e.Listener, e.EndPoint.ToString()!))];

    public string Name => "broker";

    public string? Failure => _broker?.Failure is { } failure ? $"The store of the sessions failed: {failure}." : null;

    /// <summary>Never said here: a message for sessions that finds no space is refused, and the next one tries again.</summary>
    public bool IsFull => false;

    public string? WhyNot() => _broker is null && BrokerSettings.Of(options, tls).Listeners.Count > 0 ? "not started" : null;

    public ValueTask ProbeAsync(CancellationToken cancellation) => ValueTask.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var settings = BrokerSettings.Of(options, tls);
        if (settings.Listeners.Count == 0)
        {
            return;
        }

        try
        {
            _broker = await MqttBroker.StartAsync(settings, hooks, folder.Broker, time, logs, cancellationToken);
        }
        catch (ValidationException invalid)
        {
            throw new StartRefusedException(new Refusal("server.broker", $"The broker cannot start: {invalid.Message}"));
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _broker, null) is { } broker)
        {
            await broker.DisposeAsync();
        }
    }

    public ValueTask PublishAsync(
        Device device, string suffix, ReadOnlyMemory<byte> payload, string contentType, bool retain, CancellationToken cancellation)
    {
        var broker = _broker ?? throw new InvalidOperationException("The broker is not running, so nothing can be published.");
        var message = new MqttMessage
        {
            Topic = $"{device.Path}/{suffix}",
            Payload = payload,
            Qos = 1,
            Retain = retain,
            ContentType = contentType,
        };
        return broker.PublishAsync(device.Tenant, message, cancellation);
    }

    public ValueTask PublishDesiredAsync(Device device, ReadOnlyMemory<byte> desired, CancellationToken cancellation) =>
        PublishAsync(device, TopicClass.Twin + "/desired", desired, "application/json", retain: true, cancellation);

    /// <summary>Publishes what somebody wrote; completes when it is durable for the sessions and the retained store.</summary>
    public async ValueTask<Outcome<MqttMessage>> PublishAsync(TenantId tenant, MqttMessage message, CancellationToken cancellation)
    {
        if (_broker is not { } broker)
        {
            return NotRunning;
        }

        try
        {
            await broker.PublishAsync(tenant, message, cancellation);
            return message;
        }
        catch (InvalidOperationException limit)
        {
            return new Refusal("fabric.message.refused", $"{limit.Message} Free what is retained or queued, or raise that limit.");
        }
    }

    /// <summary>The sessions of a tenant, by client id.</summary>
    public IReadOnlyList<ClientView> Clients(TenantId tenant) =>
    [
        .. (_broker?.Clients ?? []).Where(client => client.Identity.Tenant == tenant)
            .OrderBy(client => client.Identity.ClientId, StringComparer.Ordinal),
    ];

    /// <summary>The sessions of a device.</summary>
    public IReadOnlyList<ClientView> Clients(TenantId tenant, DeviceId device) =>
        [.. Clients(tenant).Where(client => BelongsTo(client.Identity.ClientId, device))];

    /// <summary>Traces the clients of a device; one trace at a time for each device.</summary>
    public Outcome<ClientTrace> Trace(Device device, TimeSpan lasts, Action<TracedPacket> tell)
    {
        if (_broker is not { } broker)
        {
            return NotRunning;
        }

        lock (_traced)
        {
            _traced.RemoveAll(one => one.Trace.IsOver);
            if (_traced.Exists(one => one.Device.Tenant == device.Tenant && one.Device.Id == device.Id))
            {
                return new Refusal("fabric.trace.in_use", $"Somebody traces {device.Id} already; a device has one trace at a time.");
            }

            var trace = broker.Trace(who => who.Tenant == device.Tenant && BelongsTo(who.ClientId, device.Id), lasts, tell);
            _traced.Add((device, trace));
            return trace;
        }
    }

    /// <summary>Ends every session of a device at once.</summary>
    public async ValueTask CutAsync(TenantId tenant, DeviceId device)
    {
        foreach (var client in Clients(tenant, device))
        {
            await _broker!.DisconnectClientAsync(tenant, client.Identity.ClientId, MqttReason.AdministrativeAction);
        }
    }

    private static bool BelongsTo(string clientId, DeviceId device) =>
        clientId == device.Value || clientId.StartsWith(device.Value + ":", StringComparison.Ordinal);
}
