using System.Buffers;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Core.Durability;
using Pilotage.Edge.Buffer;
using Pilotage.Edge.Identity;
using Pilotage.Edge.Updates;
using Pilotage.Edge.Workers;

namespace Pilotage.Edge;

/// <summary>Carries out what the update machine decides: one loop, one writer of the state, workers as processes beside it.</summary>
internal sealed partial class Supervisor : IAsyncDisposable
{
    private readonly EdgeOptions _options;
    private readonly EdgeIdentity _identity;
    private readonly ReleaseStore _store;
    private readonly Downloader _downloader;
    private readonly StoreAndForward _buffer;
    private readonly LocalHooks _hooks;
    private readonly PosixDirectory _folder;
    private readonly UpdateMachine _machine;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<UpdateInput> _inputs = Channel.CreateUnbounded<UpdateInput>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<int, (WorkerProcess Process, WorkerOrders Orders)> _workers = [];
    private readonly string _bootId;
    private readonly string _socket;
    private readonly long _started;
    private long _reports;
    private bool _reportNow;

    public Supervisor(
        EdgeOptions options, EdgeIdentity identity, ReleaseStore store, Downloader downloader, StoreAndForward buffer, LocalHooks hooks,
        string bootId, string socket, TimeProvider time, ILoggerFactory logs)
    {
        (_options, _identity, _store, _downloader, _buffer, _hooks) = (options, identity, store, downloader, buffer, hooks);
        (_bootId, _socket, _time, _logger) = (bootId, socket, time, logs.CreateLogger<Supervisor>());
        _folder = new PosixDirectory(Path.Combine(options.DataPath, "state"));
        _machine = new UpdateMachine(options, EdgeState.Load(_folder), store.Find);
        _started = time.GetTimestamp();

        // Only here, before anything is staged: a download under way has artifacts that no envelope names yet.
        _store.Prune(_machine.Needed);
        _hooks.Attach(_machine.State.Desired?.Attached ?? []);
    }

    private long NowMs => (long)_time.GetElapsedTime(_started).TotalMilliseconds;

    private long NowNs => (_time.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick;

    /// <summary>A desired state came from the server.</summary>
    public void Take(DesiredState desired) => _inputs.Writer.TryWrite(new UpdateInput.Desired(desired));

    /// <summary>Runs until stopped. Reports go through <paramref name="report"/> as they can; a link that is down loses none that matters.</summary>
    public async Task RunAsync(Func<AttestedState, CancellationToken, ValueTask> report, CancellationToken stopping)
    {
        var ticking = TickAsync(stopping);
        try
        {
            while (await _inputs.Reader.WaitToReadAsync(stopping))
            {
                while (_inputs.Reader.TryRead(out var input))
                {
                    HearCold(input);
                    foreach (var action in _machine.Apply(input, NowMs))
                    {
                        Do(action, stopping);
                    }

                    _reportNow |= input is UpdateInput.Tick;
                }

                await ReportAsync(report, stopping);
            }
        }
        finally
        {
            await ticking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (process, _) in _workers.Values)
        {
            process.Stop();
        }

        // Workers end by themselves when their input closes; the time is for draining, the rest is killed.
        for (var i = 0; i < 50 && _workers.Values.Any(worker => worker.Process.MemoryBytes > 0); i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), _time);
        }

        foreach (var (process, _) in _workers.Values)
        {
            process.Kill();
            process.Dispose();
        }
    }

    private async Task TickAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(_options.Heartbeat, _time);
        do
        {
            foreach (var (instance, worker) in _workers.ToArray())
            {
                _inputs.Writer.TryWrite(new UpdateInput.Memory(instance, worker.Process.MemoryBytes));
            }

            _inputs.Writer.TryWrite(new UpdateInput.Tick());
        }
        while (await timer.WaitForNextTickAsync(stopping));
    }

    private void Do(UpdateAction action, CancellationToken stopping)
    {
        switch (action)
        {
            case UpdateAction.Save save:
                save.State.Save(_folder);
                _hooks.Attach(save.State.Desired?.Attached ?? []);
                break;
            case UpdateAction.Stage stage:
                Log.Staging(_logger, stage.Release.Id);
                _ = StageAsync(stage.Release, stopping);
                break;
            case UpdateAction.Start start:
                Start(start);
                break;
            case UpdateAction.Tell tell when _workers.TryGetValue(tell.Instance, out var worker):
                var orders = worker.Orders with { Devices = tell.Devices };
                _workers[tell.Instance] = (worker.Process, orders);
                worker.Process.Tell(orders);
                break;
            case UpdateAction.Stop stop when _workers.TryGetValue(stop.Instance, out var worker):
                Log.Stopping(_logger, worker.Orders.Release, worker.Process.Pid);
                worker.Process.Stop();
                break;
            case UpdateAction.Kill kill when _workers.TryGetValue(kill.Instance, out var worker):
                Log.Killing(_logger, worker.Orders.Release, worker.Process.Pid, kill.Why);
                worker.Process.Kill();
                break;
            case UpdateAction.Report:
                _reportNow = true;
                break;
            default:
                break;
        }
    }

    private async Task StageAsync(DesiredRelease release, CancellationToken stopping)
    {
        Outcome<Trust.VerifiedRelease> result;
        var tryAgain = false;
        try
        {
            var envelope = System.Text.Encoding.UTF8.GetBytes(release.Envelope.GetRawText());
            var useCaseFloor = _store.Verify(envelope, 0).TryGet(out var known, out var refusal)
                ? _machine.State.Floors.GetValueOrDefault(known.Manifest.UseCase)
                : 0;
            result = _store.Verify(envelope, useCaseFloor).Then(verified => verified.Id.Value == release.Id
                ? (Outcome<Trust.VerifiedRelease>)verified
                : new Refusal("release.other", $"The envelope holds {verified.Id}, not {release.Id}."));
            if (result.TryGet(out var right, out refusal))
            {
                result = await _downloader.StageAsync(right, stopping);
            }
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or TaskCanceledException && !stopping.IsCancellationRequested)
        {
            Log.StagingBroke(_logger, release.Id, fault.Message);
            (result, tryAgain) = (new Refusal("edge.download", fault.Message), true);
        }

        _inputs.Writer.TryWrite(new UpdateInput.Staged(release.Id, result, tryAgain));
    }

    private void Start(UpdateAction.Start start)
    {
        var orders = new WorkerOrders
        {
            Release = start.Release.Id.Value,
            Edge = _identity.Device.Value,
            Tenant = _identity.Tenant.Value,
            Hardware = _options.Hardware,
            ReleaseKeys = [.. _identity.ReleaseKeys.Select(key => key.ToPem())],
            EnvelopePath = _store.EnvelopePath(start.Release.Id.Value),
            ArtifactsPath = _store.ArtifactsPath,
            CheckpointPath = Path.Combine(_options.DataPath, "workers", start.Release.Id.Value),
            Socket = _socket,
            Challenge = start.Challenge,
            HeartbeatSeconds = _options.Heartbeat.TotalSeconds,
            Devices = start.Devices,
        };
        var process = WorkerProcess.Start(
            _options,
            orders,
            report => _inputs.Writer.TryWrite(new UpdateInput.Said(start.Instance, report)),
            (_, words) => _inputs.Writer.TryWrite(new UpdateInput.Ended(start.Instance, words)),
            _logger);
        _workers.Add(start.Instance, (process, orders));
        Log.Started(_logger, orders.Release, process.Pid, start.Devices.Count);
    }

    // A worker with empty windows gets what its devices sent before; the file is gone when it has been read.
    private void HearCold(UpdateInput input)
    {
        if (input is UpdateInput.Ended ended && _workers.Remove(ended.Instance, out var gone))
        {
            Log.Ended(_logger, gone.Orders.Release, gone.Process.Pid, ended.LastWords);
            gone.Process.Dispose();
        }
        else if (input is UpdateInput.Said { Report: { Says: WorkerSays.Cold } cold, Instance: var instance } && _workers.TryGetValue(instance, out var worker))
        {
            var ids = cold.Devices.Select(device => device.Device).ToList();
            worker.Process.Tell(worker.Orders with { HistoryPath = WriteHistory(worker.Orders, instance, ids), HistoryOf = ids });
        }
    }

    private string WriteHistory(WorkerOrders orders, int instance, List<string> devices)
    {
        var paths = orders.Devices.Where(device => devices.Contains(device.Device)).Select(device => device.Path).ToHashSet();
        var kept = new Queue<ForwardedMessage>();
        var bytes = 0L;
        foreach (var message in _buffer.Data.History())
        {
            if (TopicPath.TryParse(message.Topic, out var topic) && topic.Class == TopicClass.Telemetry && paths.Contains(topic.DevicePath))
            {
                kept.Enqueue(message);
                bytes += message.Payload.Length + message.Topic.Length + 32;
                while (kept.Count > ForwardBatch.MessagesMax || bytes > ForwardBatch.UnpackedBytesMax)
                {
                    bytes -= kept.Peek().Payload.Length + kept.Dequeue().Topic.Length + 32;
                }
            }
        }

        var buffer = new ArrayBufferWriter<byte>();
        new ForwardBatch(orders.Edge, _buffer.Data.LogId, kept.Count == 0 ? 0 : kept.Last().Offset + 1, [.. kept]).Encode(buffer);
        Directory.CreateDirectory(orders.CheckpointPath);
        var path = Path.Combine(orders.CheckpointPath, $"history-{instance}-{_reports++}");
        File.WriteAllBytes(path, buffer.WrittenSpan);
        return path;
    }

    private async Task ReportAsync(Func<AttestedState, CancellationToken, ValueTask> report, CancellationToken stopping)
    {
        if (!_reportNow)
        {
            return;
        }

        _reportNow = false;
        foreach (var slot in _machine.Reportable.ToList())
        {
            await report(Attest(slot), stopping);
        }

        _machine.Reported();
    }

    private AttestedState Attest(Slot slot)
    {
        var running = slot.Instance is { } instance && _workers.TryGetValue(instance, out var worker) ? worker.Process : null;
        return new AttestedState
        {
            Edge = _identity.Device.Value,
            BootId = _bootId,
            Report = ++_reports,
            Hardware = _options.Hardware,
            Worker = running is null ? null : new AttestedWorker { Pid = running.Pid, StartedNs = slot.StartedMs * 1_000_000 },
            Release = slot.Release,
            ManifestDigest = slot.ManifestDigest ?? slot.Verified?.ManifestDigest.ToString() ?? "",
            Challenge = slot.Challenge,
            Devices = slot.LastBeat?.Devices ?? [.. slot.Devices.Select(device => new AttestedDevice { Device = device.Device })],
            Golden = slot.Golden,
            P50Ms = slot.LastBeat?.P50Ms,
            P99Ms = slot.LastBeat?.P99Ms,
            Inferences = slot.LastBeat?.Inferences ?? 0,
            Starts = _machine.State.Starts.GetValueOrDefault(slot.Offer),
            AtNs = NowNs,
            DesiredVersion = _machine.State.Desired?.Version ?? 0,
            State = slot.Phase,
            Reason = slot.Reason,
        };
    }

    private static partial class Log
    {
        [LoggerMessage(5141, LogLevel.Information, "Staging {Release}")]
        public static partial void Staging(ILogger logger, string release);

        [LoggerMessage(5142, LogLevel.Warning, "Staging {Release} broke off and is tried again: {Why}")]
        public static partial void StagingBroke(ILogger logger, string release, string why);

        [LoggerMessage(5143, LogLevel.Information, "Started the worker of {Release} as process {Pid} for {Devices} devices")]
        public static partial void Started(ILogger logger, string release, int pid, int devices);

        [LoggerMessage(5144, LogLevel.Information, "Stopping the worker of {Release}, process {Pid}")]
        public static partial void Stopping(ILogger logger, string release, int pid);

        [LoggerMessage(5145, LogLevel.Warning, "Killing the worker of {Release}, process {Pid}: {Why}")]
        public static partial void Killing(ILogger logger, string release, int pid, string why);

        [LoggerMessage(5146, LogLevel.Information, "The worker of {Release}, process {Pid}, has ended {Words}")]
        public static partial void Ended(ILogger logger, string release, int pid, string words);
    }
}
