using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pilotage.Sdk;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Fabric.Unmapped;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Sources;

/// <summary>The foreign brokers that are read: kept in the catalogue, begun with the server, ended with it.</summary>
internal sealed class SourceBook : IHostedService, IAsyncDisposable
{
    /// <summary>Most sources of a server; each has a connection and a window of messages in memory.</summary>
    public const int SourcesMax = 20;

    private const int ClientIdBytes = 4;
    private const string Restored = "this server was restored from a backup, and the one it was taken of may still read it under the same client id";
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<(TenantId, string), SourceRun> _runs = new();
    private readonly SemaphoreSlim _changing = new(1);
    private readonly SourceStore _store;
    private readonly SourceClients _clients;
    private readonly MappingBook _mappings;
    private readonly MappedMessages _messages;
    private readonly UnmappedBook _unmapped;
    private readonly DiskRoom _room;
    private readonly DataFolder _folder;
    private readonly TimeProvider _time;
    private readonly ILogger<SourceBook> _logger;
    private long _endedConnections;
    private long _endedDropped;

    public SourceBook(
        SourceStore store,
        SourceClients clients,
        MappingBook mappings,
        MappedMessages messages,
        UnmappedBook unmapped,
        DiskRoom room,
        DataFolder folder,
        TimeProvider time,
        ILogger<SourceBook> logger,
        IMeterFactory meters)
    {
        (_store, _clients, _mappings, _messages, _unmapped, _room, _folder, _time, _logger) = (store, clients, mappings, messages, unmapped, room, folder, time, logger);
        Measure(meters.Create("Pilotage.Server"));
    }

    /// <summary>The sources of a tenant by name.</summary>
    public IReadOnlyList<SourceRun> All(TenantId tenant) => [.. _runs.Values.Where(run => run.Source.Tenant == tenant).OrderBy(run => run.Source.Settings.Name, StringComparer.Ordinal)];

    public Outcome<SourceRun> Find(TenantId tenant, string name) => _runs.TryGetValue((tenant, name), out var run)
        ? run
        : new Refusal("fabric.source.not_found", $"There is no source \"{(name.Length <= 80 ? name : name[..80] + "…")}\". One is added with: pilotage source add mqtt --url URL --topics FILTER --map FILE");

    /// <summary>The sources that read by a mapping.</summary>
    public IEnumerable<string> UsersOf(TenantId tenant, string mapping) => All(tenant).Where(run => run.Source.Settings.Mapping == mapping).Select(run => run.Source.Settings.Name);

    /// <summary>Adds a source, or takes the place of one and goes on with its session; on disk, and connecting unless that one was paused, when this returns.</summary>
    /// <param name="onlyNew">Refused where there is one.</param>
    public async Task<Outcome<SourceRun>> PutAsync(Principal who, string name, SourceEndpoints.SourceBody body, bool onlyNew, CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            var before = _runs.GetValueOrDefault((who.Tenant, name));
            if (WhyNot(who.Tenant, name, body, before, onlyNew) is { } refusal || !SourceReader.Read(name, body, before?.Source.Settings, MadeUpId(name)).TryGet(out var read, out refusal))
            {
                return refusal;
            }

            var source = new StoredSource(who.Tenant, read.Settings, read.Secrets, who.Id, _time.NowNs(), before?.Source.Paused);
            _store.Put(source);
            await EndAsync((who.Tenant, name));
            return await BeginAsync(source, cancellation);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Reads a source no more until it is resumed, or reads it again; on disk when this returns. The broker keeps its session.</summary>
    /// <param name="why">Why it is paused; null to read it again.</param>
    public async Task<Outcome<SourceRun>> PauseAsync(TenantId tenant, string name, string? why, CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            if (!Find(tenant, name).TryGet(out var run, out var refusal))
            {
                return refusal;
            }

            if (run.Source.Paused is null == why is null)
            {
                return run;
            }

            var source = run.Source with { Paused = why };
            _store.Put(source);
            await EndAsync((tenant, name));
            return await BeginAsync(source, cancellation);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Takes a source away and ends its session at the broker, if that lets us.</summary>
    public async Task<Outcome<SessionEnd>> RemoveAsync(TenantId tenant, string name, CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            if (!Find(tenant, name).TryGet(out var run, out var refusal))
            {
                return refusal;
            }

            _store.Delete(tenant, name);
            await EndAsync((tenant, name));
            _unmapped.Forget(tenant, name);
            return run.Source.Paused is not null ? SessionEnd.LeftAlone : await EndSessionAsync(run.Source, cancellation);
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_folder.IsRestored)
        {
            // Two servers under one client id take the session from each other, and what one acknowledges the other never sees.
            _store.PauseAll(Restored);
            _folder.ForgetRestored();
        }

        foreach (var source in _store.All())
        {
            await BeginAsync(source, cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => EndAllAsync();

    public async ValueTask DisposeAsync()
    {
        await EndAllAsync();
        _changing.Dispose();
    }

    private Refusal? WhyNot(TenantId tenant, string name, SourceEndpoints.SourceBody body, SourceRun? before, bool onlyNew) => before switch
    {
        not null when onlyNew => new Refusal("fabric.source.precondition", $"There is a source {name} already; another one takes its place, and goes on with its session, with --replace."),
        null when _runs.Count >= SourcesMax => new Refusal("fabric.source.full", $"There are {SourcesMax} sources, and this server reads no more; one source takes up to {SourceReader.TopicsMax} filters."),
        _ when _mappings.Find(tenant, body.Mapping) is null => _mappings.Stored(tenant, body.Mapping).TryGet(out _, out var refusal)
            ? new Refusal("fabric.source.mapping", $"The mapping {body.Mapping} is not read by this version; send it anew.")
            : refusal,
        _ => null,
    };

    private async Task<SourceRun> BeginAsync(StoredSource source, CancellationToken cancellation)
    {
        var run = new SourceRun(source, _clients, _mappings, _messages, _unmapped, _room, _time, _logger);
        _runs[(source.Tenant, source.Settings.Name)] = run;
        await run.StartAsync(cancellation);
        return run;
    }

    private async Task EndAsync((TenantId, string) key)
    {
        if (_runs.TryRemove(key, out var run))
        {
            await run.DisposeAsync();
            Interlocked.Add(ref _endedConnections, run.Connections);
            Interlocked.Add(ref _endedDropped, run.Dropped);
        }
    }

    private Task EndAllAsync() => Task.WhenAll(_runs.Keys.Select(EndAsync));

    /// <summary>A connection that forgets the session and ends with it: else the broker would go on to collect messages for nobody.</summary>
    private async Task<SessionEnd> EndSessionAsync(StoredSource source, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(GoodbyeTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        await using var client = _clients.Passing(source.Settings, source.Secrets, source.Settings.ClientId);
        try
        {
            await client.ConnectAsync(either.Token);
            return SessionEnd.Ended;
        }
        catch (MqttRefusedException)
        {
            return SessionEnd.Refused;
        }
        catch (OperationCanceledException)
        {
            return SessionEnd.Unanswered;
        }
    }

    private static string MadeUpId(string name) => $"pilotage-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(ClientIdBytes))}-{name}";

    private void Measure(Meter meter)
    {
        meter.CreateObservableGauge("pilotage.sources.known", () => _runs.Count, "{source}", "Foreign brokers that are read, or to be read.");
        meter.CreateObservableGauge("pilotage.sources.connected", () => _runs.Values.Count(run => run.State.Connected), "{source}", "Those with a connection.");
        meter.CreateObservableGauge("pilotage.sources.paused", () => _runs.Values.Count(run => run.Source.Paused is not null), "{source}", "Those that are not read until somebody resumes them.");
        meter.CreateObservableGauge("pilotage.sources.stalled", () => _runs.Values.Count(run => run.Stall is not null), "{source}", "Those of which nothing is stored just now, and nothing acknowledged.");
        meter.CreateObservableGauge("pilotage.sources.messages.waiting", () => _runs.Values.Sum(run => run.Counts.Waiting), "{message}", "Messages of foreign brokers that are taken and not stored yet.");
        meter.CreateObservableGauge(
            "pilotage.sources.lag", () => _runs.Values.Select(run => run.Counts.LagNs / 1e9).Append(0).Max(), "s", "How much later than its own time the last message of a source was stored; of the source that lags most.");
        meter.CreateObservableCounter(
            "pilotage.sources.connections", () => Interlocked.Read(ref _endedConnections) + _runs.Values.Sum(run => run.Connections), "{connection}", "Connections to foreign brokers that were accepted.");
        meter.CreateObservableCounter(
            "pilotage.sources.messages.dropped", () => Interlocked.Read(ref _endedDropped) + _runs.Values.Sum(run => run.Dropped), "{message}", "Messages with QoS 0 that came faster than they could be stored.");
    }
}
