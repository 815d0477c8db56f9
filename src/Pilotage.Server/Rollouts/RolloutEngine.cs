using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Rollouts.Contracts;

namespace Pilotage.Server.Rollouts;

/// <summary>
/// Keeps the rollout machines running: gives them evidence, presence and passing time, writes down what they decide before anything is
/// published, and publishes desired states. Controller time stands still while no controller runs, so a stopped server fails nobody.
/// </summary>
internal sealed partial class RolloutEngine(
    RolloutStore store, DesiredComposer composer, EvidenceJudge judge, IFleet fleet, IDeviceLink link, IDomainEvents events, ILineage lineage,
    ServerOptions options, TimeProvider time, ILogger<RolloutEngine> logger) : BackgroundService, IRollouts, IDeviceUse
{
    private const string ReportedPrefix = "twin.reported/";
    private const int KeepEveryTicks = 10;
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(500);
    private readonly Channel<DomainEvent> _reports = Channel.CreateBounded<DomainEvent>(
        new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly Lock _gate = new();
    private readonly Dictionary<(TenantId Tenant, string Rollout), Running> _running = [];
    private long _ticks;

    /// <summary>Starts a rollout.</summary>
    public void Add(TenantId tenant, RolloutPlan plan)
    {
        lock (_gate)
        {
            var machine = new RolloutMachine(plan, null, NewChallenge);
            var nowNs = time.NowNs();
            store.Add(new StoredRollout(tenant, plan, machine.State, nowNs, null));
            var running = new Running(tenant, machine, nowNs, null, time.GetTimestamp(), machine.State.AtMs);
            _running.Add((tenant, plan.Rollout), running);
            TakePresence(running);
        }
    }

    /// <summary>Gives one rollout an input from a person; refused when there is none of that name.</summary>
    public Outcome<bool> Tell(TenantId tenant, string rollout, RolloutInput input)
    {
        lock (_gate)
        {
            if (!_running.TryGetValue((tenant, rollout), out var running))
            {
                return NotFound(rollout);
            }

            Apply(running, input);
            return true;
        }
    }

    /// <summary>Gives an input to every rollout of a tenant: the emergency brake.</summary>
    public int TellAll(TenantId tenant, RolloutInput input)
    {
        lock (_gate)
        {
            var mine = _running.Values.Where(running => running.Tenant == tenant).ToList();
            mine.ForEach(running => Apply(running, input));
            return mine.Count;
        }
    }

    /// <summary>Looks at one rollout while nothing moves.</summary>
    public Outcome<T> Look<T>(TenantId tenant, string rollout, Func<RolloutMachine, long, long?, T> look)
    {
        lock (_gate)
        {
            return _running.TryGetValue((tenant, rollout), out var running)
                ? look(running.Machine, running.CreatedNs, running.EndedNs)
                : NotFound(rollout);
        }
    }

    /// <summary>The active rollout that touches a device, or null: no two changes at once.</summary>
    public string? Touching(TenantId tenant, string device)
    {
        lock (_gate)
        {
            return _running.Values.FirstOrDefault(running => running.Tenant == tenant && IsActive(running)
                && running.Machine.State.Devices.ContainsKey(device))?.Machine.Plan.Rollout;
        }
    }

    /// <inheritdoc/>
    public string? UseOf(TenantId tenant, DeviceId device) => Touching(tenant, device.Value) is { } rollout
        ? $"The device {device} is in the rollout {rollout}; wait for its end, which is told by: pilotage rollout watch {rollout}"
        : null;

    /// <summary>Whether a rollout of this release was halted: it is not offered again unless asked for.</summary>
    public bool WasHalted(TenantId tenant, string release)
    {
        lock (_gate)
        {
            return _running.Values.Any(running => running.Tenant == tenant && running.Machine.Plan.Release == release
                && running.Machine.State.Status == RolloutStatus.Halted);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<RolloutSummary> List(TenantId tenant)
    {
        lock (_gate)
        {
            return [.. _running.Values.Where(running => running.Tenant == tenant).OrderByDescending(running => running.CreatedNs)
                .Select(running => RolloutViews.Summary(running.Machine, running.CreatedNs, running.EndedNs))];
        }
    }

    /// <inheritdoc/>
    public ReleaseId? PrimaryOf(TenantId tenant, DeviceId device, UseCaseId useCase) =>
        store.Primaries(tenant).Where(primary => primary.Device == device.Value && primary.UseCase == useCase.Value)
            .Select(primary => (ReleaseId?)new ReleaseId(primary.Release)).FirstOrDefault();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Load();
        events.Recorded += Take;
        try
        {
            await Task.WhenAll(ReadAsync(stoppingToken), TickAsync(stoppingToken));
        }
        finally
        {
            events.Recorded -= Take;
        }
    }

    private static string NewChallenge() => Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));

    private static Refusal NotFound(string rollout) => new("rollout.not_found", $"There is no rollout '{rollout}'; GET /api/v1/rollouts lists them.");

    private static bool IsActive(Running running) => running.Machine.State.Status is not (RolloutStatus.Halted or RolloutStatus.Completed);

    private void Load()
    {
        lock (_gate)
        {
            foreach (var kept in store.All())
            {
                // Who is connected is not remembered over a restart; it is learned anew.
                foreach (var edge in kept.State.Edges.Values)
                {
                    edge.Online = false;
                }

                var machine = new RolloutMachine(kept.Plan, kept.State, NewChallenge);
                _running.Add((kept.Tenant, kept.Plan.Rollout), new Running(kept.Tenant, machine, kept.CreatedNs, kept.EndedNs, time.GetTimestamp(), kept.State.AtMs));
            }
        }
    }

    private void Take(DomainEvent report)
    {
        if (report.Type.StartsWith(ReportedPrefix, StringComparison.Ordinal))
        {
            _reports.Writer.TryWrite(report);
        }
    }

    private async Task ReadAsync(CancellationToken stopping)
    {
        await foreach (var report in _reports.Reader.ReadAllAsync(stopping))
        {
            if (!(await judge.JudgeAsync(report, stopping)).TryGet(out var evidence, out var refusal))
            {
                Log.NoEvidence(logger, report.Device.Value, refusal.Message);
                continue;
            }

            lock (_gate)
            {
                foreach (var running in _running.Values.Where(running => running.Tenant == report.Tenant).ToList())
                {
                    Apply(running, evidence);
                }
            }
        }
    }

    private async Task TickAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(TickEvery, time);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            _ticks++;
            lock (_gate)
            {
                foreach (var running in _running.Values.Where(running => IsActive(running) || running.Machine.IsWaiting).ToList())
                {
                    TakePresence(running);
                    TakeMoves(running);
                    Apply(running, new RolloutInput.Tick());
                }
            }

            await PublishAsync(stopping);
        }
    }

    private void TakePresence(Running running)
    {
        foreach (var (edge, progress) in running.Machine.State.Edges.ToList())
        {
            var online = fleet.PresenceOf(running.Tenant, new DeviceId(edge)).Connected;
            if (online != progress.Online)
            {
                Apply(running, new RolloutInput.Presence(edge, online));
            }
        }
    }

    private void TakeMoves(Running running)
    {
        foreach (var (id, progress) in running.Machine.State.Devices.Where(item => item.Value.Phase != DevicePhase.Removed).ToList())
        {
            var device = fleet.Find(running.Tenant, new DeviceId(id));
            var why = device switch
            {
                null => "the device was deleted",
                { Status: DeviceStatus.Revoked } => "the device was cut off",
                { Edge: var edge } when edge?.Value != progress.Edge => $"the device moved from {progress.Edge} to {edge?.Value ?? "no edge"}",
                _ => null,
            };
            if (why is not null)
            {
                Apply(running, new RolloutInput.Gone(id, why));
            }
        }
    }

    private void Apply(Running running, RolloutInput input)
    {
        var outputs = running.Machine.Apply(input, running.At(time));
        var ended = running.EndedNs is null && !IsActive(running);
        if (outputs.Count == 0 && !ended && _ticks < running.KeptAtTick + KeepEveryTicks)
        {
            return;
        }

        var nowNs = time.NowNs();
        running.KeptAtTick = _ticks;
        running.EndedNs ??= ended ? nowNs : null;
        store.Keep(running.Tenant, running.Machine.Plan, running.Machine.State, outputs, nowNs, ended);
        Trace(running, outputs, nowNs);
        foreach (var status in outputs.OfType<RolloutOutput.Status>())
        {
            Log.Status(logger, running.Machine.Plan.Rollout, status.To, status.Wave + 1, status.Cause);
        }
    }

    private void Trace(Running running, IReadOnlyList<RolloutOutput> outputs, long nowNs)
    {
        var plan = running.Machine.Plan;
        var rollout = new NodeRef(NodeKind.Rollout, plan.Rollout);
        var edges = new List<LineageEdge>();
        foreach (var output in outputs)
        {
            if (output is RolloutOutput.Offer offer)
            {
                edges.Add(new LineageEdge(new NodeRef(NodeKind.Release, plan.Release), "rolled out by", rollout, nowNs));
                edges.Add(new LineageEdge(rollout, "offered to", new NodeRef(NodeKind.Device, offer.Device), nowNs));
            }
            else if (output is RolloutOutput.Promote promote)
            {
                edges.Add(new LineageEdge(rollout, "promoted on", new NodeRef(NodeKind.Device, promote.Device), nowNs));
            }
        }

        if (edges.Count > 0)
        {
            lineage.Append(running.Tenant, edges);
        }
    }

    private async Task PublishAsync(CancellationToken stopping)
    {
        foreach (var edge in fleet.List(new TenantId(options.Tenant), new DeviceQuery { Thing = Things.Edge }))
        {
            if (edge.Status == DeviceStatus.Revoked)
            {
                continue;
            }

            Core.Contracts.Releases.DesiredState desired;
            bool changed;
            lock (_gate)
            {
                (desired, changed) = composer.Compose(edge, _running.Values.Where(running => running.Tenant == edge.Tenant).Select(running => running.Machine));
            }

            // The version is on disk before the document leaves; a crash between the two is mended because nothing was published yet this start.
            if (changed || _published.Add(edge.Id.Value))
            {
                _published.Add(edge.Id.Value);
                await link.PublishDesiredAsync(edge, desired.ToJson(), stopping);
                Log.Published(logger, edge.Path, desired.Version, desired.Releases.Count, desired.Devices.Count);
            }
        }
    }

    private readonly HashSet<string> _published = [];

    private sealed class Running(TenantId tenant, RolloutMachine machine, long createdNs, long? endedNs, long startedStamp, long startedAtMs)
    {
        public TenantId Tenant => tenant;

        public RolloutMachine Machine => machine;

        public long CreatedNs => createdNs;

        public long? EndedNs { get; set; } = endedNs;

        public long KeptAtTick { get; set; }

        public TimeSpan At(TimeProvider time) => TimeSpan.FromMilliseconds(startedAtMs) + time.GetElapsedTime(startedStamp);
    }

    private static partial class Log
    {
        [LoggerMessage(4101, LogLevel.Information, "Rollout {Rollout}: {Status}, wave {Wave}: {Cause}")]
        public static partial void Status(ILogger logger, string rollout, RolloutStatus status, int wave, string cause);

        [LoggerMessage(4102, LogLevel.Warning, "A report of {Device} is no evidence: {Why}")]
        public static partial void NoEvidence(ILogger logger, string device, string why);

        [LoggerMessage(4103, LogLevel.Information, "Desired state {Version} for {Edge}: {Releases} releases, {Devices} devices")]
        public static partial void Published(ILogger logger, string edge, long version, int releases, int devices);
    }
}
