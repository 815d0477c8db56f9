using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pilotage.Runtime;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Streams;

namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>The pipelines of the server: kept in the catalogue, begun with the server, ended with it.</summary>
internal sealed partial class PipelineBook : IHostedService, IAsyncDisposable
{
    /// <summary>Most pipelines of a server; each looks at everything that is stored, and one text may hold thousands of statements.</summary>
    public const int PipelinesMax = 64;

    private readonly ConcurrentDictionary<(TenantId, string), PipelineEntry> _entries = new();
    private readonly SemaphoreSlim _changing = new(1);
    private readonly PipelineStore _store;
    private readonly PipelineReader _reader;
    private readonly PipelineSites _sites;
    private readonly ILogger<PipelineBook> _logger;

    public PipelineBook(PipelineStore store, PipelineReader reader, PipelineSites sites, ILogger<PipelineBook> logger)
    {
        (_store, _reader, _sites, _logger) = (store, reader, sites, logger);
        var meter = sites.Meters.Meter;
        meter.CreateObservableGauge("pilotage.pipelines.running", () => Live.Count(), "{pipeline}", "Pipelines that run on the server.");
        meter.CreateObservableGauge("pilotage.pipelines.stopped", () => _entries.Values.Count(entry => entry.Failed is not null), "{pipeline}", "Pipelines that should run and do not.");
        meter.CreateObservableGauge("pilotage.pipelines.behind", () => Live.Select(live => live.Behind).DefaultIfEmpty().Max(), "{row}", "Rows that the slowest pipeline has not read yet.");
    }

    private IEnumerable<LivePipeline> Live => _entries.Values.Select(entry => entry.Live).OfType<LivePipeline>();

    /// <summary>Those of a tenant by name.</summary>
    public IReadOnlyList<PipelineEntry> All(TenantId tenant) => [.. _entries.Values.Where(entry => entry.Pipeline.Tenant == tenant).OrderBy(entry => entry.Pipeline.Name, StringComparer.Ordinal)];

    public Outcome<PipelineEntry> Find(TenantId tenant, string name) => _entries.TryGetValue((tenant, name), out var entry)
        ? entry
        : new Refusal("fabric.pipeline.not_found", $"There is no pipeline \"{(name.Length <= 60 ? name : name[..60] + "…")}\"; list them with: pilotage pipeline list. One is begun with: pilotage pipeline apply FILE");

    /// <summary>The versions of a pipeline that are kept, newest first.</summary>
    public IReadOnlyList<StoredPipeline> Versions(StoredPipeline pipeline) => _store.Versions(pipeline.Tenant, pipeline.Name);

    /// <summary>Applies a text: on disk, and running, when this returns. It goes on with the state of the version before where its steps compute the same.</summary>
    /// <param name="onlyNew">Refused where there is one.</param>
    public async Task<Outcome<PipelineEntry>> ApplyAsync(Principal who, string name, PipelineBody body, bool onlyNew, CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            var before = _entries.GetValueOrDefault((who.Tenant, name));
            if (WhyNot(before, name, onlyNew) is { } refusal || !Read(who.Tenant, name, body).TryGet(out var read, out refusal))
            {
                return refusal;
            }

            var pipeline = new StoredPipeline(who.Tenant, name, (before?.Pipeline.Version ?? 0) + 1, read.Document, null, who.Id, _sites.Time.NowNs());
            if (!_reader.Load(pipeline, read.Plan).TryGet(out var models, out refusal))
            {
                return refusal;
            }

            _store.Add(pipeline);
            await EndAsync(before);
            return _entries[(who.Tenant, name)] = Begin(pipeline, read.Plan, models);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>What applying a text would do, without doing it: what its steps would take over of the last checkpoint.</summary>
    public Outcome<PipelineOutlook> Preview(TenantId tenant, string name, PipelineBody body)
    {
        var before = _entries.GetValueOrDefault((tenant, name));
        return Read(tenant, name, body).Then(read => (Outcome<PipelineOutlook>)new PipelineOutlook(read.Document, read.Plan, (before?.Pipeline.Version ?? 0) + 1, TakenOver(tenant, name, read)));
    }

    /// <summary>Runs a pipeline no more until it is resumed, or again from where it was; on disk when this returns.</summary>
    /// <param name="why">Why it is paused; null to run it again.</param>
    public async Task<Outcome<PipelineEntry>> PauseAsync(TenantId tenant, string name, string? why, CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            if (!Find(tenant, name).TryGet(out var entry, out var refusal))
            {
                return refusal;
            }

            if (entry.Pipeline.Paused is null == why is null && entry.Failed is null)
            {
                return entry;
            }

            var pipeline = entry.Pipeline with { Paused = why };
            _store.Pause(pipeline);
            await EndAsync(entry);
            return _entries[(tenant, name)] = Begin(pipeline);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Takes a pipeline away with its versions and its state; the series and alerts that it put out stay.</summary>
    public async Task<Outcome<PipelineEntry>> RemoveAsync(TenantId tenant, string name, CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            if (!Find(tenant, name).TryGet(out var entry, out var refusal))
            {
                return refusal;
            }

            _store.Delete(tenant, name);
            await EndAsync(entry);
            _entries.TryRemove((tenant, name), out _);
            var file = PipelineState.FileOf(tenant, name);
            if (_sites.Folder.Exists(file))
            {
                _sites.Folder.Delete(file);
                _sites.Folder.Sync();
            }

            return entry;
        }
        finally
        {
            _changing.Release();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var pipeline in _store.Newest())
        {
            _entries[(pipeline.Tenant, pipeline.Name)] = Begin(pipeline);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(_entries.Values.Select(EndAsync));

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _changing.Dispose();
    }

    private Outcome<PipelineReader.ReadPipeline> Read(TenantId tenant, string name, PipelineBody body)
    {
        // What it puts out would make it put out more, for ever.
        var (seen, open) = (new HashSet<string>(StringComparer.Ordinal), new Stack<string>(PipelineReader.PipelinesRead(body.Sql)));
        while (open.TryPop(out var read))
        {
            if (read == name)
            {
                return new Refusal("fabric.pipeline.loop", $"The text reads what {name} puts out (a column …@{name}/…){(seen.Count == 0 ? "" : $", by way of {string.Join(", ", seen)}")}; it would never come to an end.");
            }

            if (seen.Add(read) && _entries.TryGetValue((tenant, read), out var other))
            {
                foreach (var further in PipelineReader.PipelinesRead(other.Pipeline.Document.Sql))
                {
                    open.Push(further);
                }
            }
        }

        var before = body.Fresh == true || body.From is not null ? null : _entries.GetValueOrDefault((tenant, name))?.Pipeline.Document;
        return _reader.Read(tenant, name, body, before, _sites.Time.NowNs());
    }

    private Refusal? WhyNot(PipelineEntry? before, string name, bool onlyNew)
    {
        if (before is not null && onlyNew)
        {
            return new Refusal("fabric.pipeline.precondition", $"There is a pipeline {name} already; the same without If-None-Match applies the text as its next version.");
        }

        return before is null && _entries.Count >= PipelinesMax
            ? new Refusal("fabric.pipeline.full", $"There are {PipelinesMax} pipelines on this server, and no more are run; one text may hold many statements. Take one away with: pilotage pipeline remove NAME --yes")
            : null;
    }

    private PipelineEntry Begin(StoredPipeline pipeline)
    {
        if (!_reader.Compile(pipeline).TryGet(out var plan, out var refusal))
        {
            return Stopped(pipeline, refusal);
        }

        if (pipeline.Paused is not null)
        {
            return new PipelineEntry(pipeline, plan, null, null);
        }

        return _reader.Load(pipeline, plan).TryGet(out var models, out refusal) ? Begin(pipeline, plan, models) : Stopped(pipeline, refusal);
    }

    private PipelineEntry Begin(StoredPipeline pipeline, PipelinePlan plan, IReadOnlyDictionary<string, IModelInvoker> models)
    {
        if (!LivePipeline.Begin(pipeline, plan, models, _sites).TryGet(out var live, out var refusal))
        {
            return Stopped(pipeline, refusal);
        }

        if (live.NotRestored is { } why)
        {
            Log.NotRestored(_logger, pipeline.Name, why);
        }

        return new PipelineEntry(pipeline, plan, live, null);
    }

    private PipelineEntry Stopped(StoredPipeline pipeline, Refusal refusal)
    {
        // The others run; this one says why it does not wherever it is shown.
        Log.NotBegun(_logger, pipeline.Name, refusal.Message);
        return new PipelineEntry(pipeline, null, null, refusal.Message);
    }

    private static Task EndAsync(PipelineEntry? entry) => entry?.Live is { } live ? live.DisposeAsync().AsTask() : Task.CompletedTask;

    private RestoreReport? TakenOver(TenantId tenant, string name, PipelineReader.ReadPipeline read)
    {
        if (read.Document.IsFresh || !PipelineState.Read(_sites.Folder, tenant, name).TryGet(out var state, out _) || state is null)
        {
            return null;
        }

        var models = read.Plan.Models.ToDictionary(model => model.Name, IModelInvoker (_) => new Unasked(), StringComparer.Ordinal);
        var sink = new StoringSink(new StoredPipeline(tenant, name, 0, read.Document, null, "", 0), read.Plan, _sites.Time);
        if (!PipelineRun.Restore(read.Plan, models, sink, _sites.Time, state.Flow).TryGet(out var run, out _))
        {
            return null;
        }

        using (run)
        {
            return run.Restored;
        }
    }

    private sealed class Unasked : IModelInvoker
    {
        public void Invoke(ReadOnlySpan<float> inputs, Span<float> outputs)
        {
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3152, LogLevel.Error, "The pipeline {Pipeline} does not run: {Why}")]
        public static partial void NotBegun(ILogger logger, string pipeline, string why);

        [LoggerMessage(3153, LogLevel.Warning, "The pipeline {Pipeline} began with empty windows: {Why}")]
        public static partial void NotRestored(ILogger logger, string pipeline, string why);
    }
}

/// <summary>A pipeline and how it stands.</summary>
/// <param name="Pipeline">Its newest version.</param>
/// <param name="Plan">What it computes; null where it cannot be compiled any more.</param>
/// <param name="Live">Its run; null while it is paused or could not begin.</param>
/// <param name="NotBegun">Why it could not begin.</param>
internal sealed record PipelineEntry(StoredPipeline Pipeline, PipelinePlan? Plan, LivePipeline? Live, string? NotBegun)
{
    /// <summary>Why it does not run though it should; null where it does.</summary>
    public string? Failed => NotBegun ?? Live?.Failed;
}

/// <summary>What applying a text would do.</summary>
/// <param name="TakenOver">What its steps would take over; null where they would begin empty.</param>
internal sealed record PipelineOutlook(PipelineDocument Document, PipelinePlan Plan, int Version, RestoreReport? TakenOver);
