using System.Text.Json;
using Microsoft.Extensions.Logging;
using Pilotage.Core.Contracts;
using Pilotage.Core.Durability;
using Pilotage.Edge.Workers;
using Pilotage.Runtime;
using Pilotage.Sdk;

namespace Pilotage.Edge.Worker;

/// <summary>The worker process: one release, one pipeline, one MQTT session on the edge's own broker.</summary>
internal static class WorkerMain
{
    private const int InflightMax = 64;
    private static readonly TimeSpan DrainWithin = TimeSpan.FromSeconds(5);

    /// <summary>Runs until the orders end. Answers the exit code: 0 when it ended as asked.</summary>
    public static async Task<int> RunAsync(TextReader orders, TextWriter reports, TimeProvider time, ILoggerFactory logs, CancellationToken stopping)
    {
        void Say(WorkerReport report)
        {
            reports.WriteLine(JsonSerializer.Serialize(report, EdgeJson.Default.WorkerReport));
            reports.Flush();
        }

        if (await ReadAsync(orders, stopping) is not { } first)
        {
            return 0;
        }

        if (!LoadedRelease.Load(first).TryGet(out var release, out var refusal))
        {
            Say(new WorkerReport { Says = WorkerSays.Fault, Reason = $"{refusal.Code}: {refusal.Message}" });
            return 1;
        }

        Say(new WorkerReport
        {
            Says = WorkerSays.Proved,
            Golden = release.Prove(first.Challenge),
            ManifestDigest = release.Verified.ManifestDigest.ToString(),
        });
        await InferAsync(release, first, orders, Say, time, logs, stopping);
        return 0;
    }

    private static async Task InferAsync(
        LoadedRelease release, WorkerOrders first, TextReader orders, Action<WorkerReport> say, TimeProvider time, ILoggerFactory logs, CancellationToken stopping)
    {
        var sink = new WorkerSink(release.Verified.Manifest, first.Release, first.Edge);
        var checkpoints = new PosixDirectory(first.CheckpointPath);
        using var run = Start(release, sink, checkpoints, time, out var warm);
        await using var client = new MqttClient(Options(first), time, new Random(Environment.ProcessId), logs.CreateLogger<MqttClient>());
        var rows = new TelemetryRows(release.Plan.Sources[0]);
        var loop = new WorkerLoop(
            run, sink, rows, checkpoints, client.PublishAsync,
            async (path, cancellation) => await client.SubscribeAsync(TopicPath.Of(path, TopicClass.Telemetry) + "/#", 1, cancellation),
            async (path, cancellation) => await client.UnsubscribeAsync(TopicPath.Of(path, TopicClass.Telemetry) + "/#", cancellation),
            say, time);
        loop.Resume(warm);
        client.OnMessage = async (message, cancellation) =>
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await loop.GiveAsync(new WorkerInput.Message(message, done), cancellation);
            await done.Task.WaitAsync(cancellation);
        };

        // Orders before messages: input of the session for devices not yet assigned would be acknowledged unseen.
        await loop.GiveAsync(new WorkerInput.Orders(first), stopping);
        await client.ConnectAsync(stopping);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var beating = BeatAsync(loop, TimeSpan.FromSeconds(first.HeartbeatSeconds), time, ending.Token);
        var obeying = ObeyAsync(orders, loop, time, ending.CancelAsync, ending.Token);
        try
        {
            await loop.RunAsync(ending.Token);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // The broker is gone with the supervisor: what could not be published is delivered again to the next worker.
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(beating, obeying).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static PipelineRun Start(
        LoadedRelease release, WorkerSink sink, PosixDirectory checkpoints, TimeProvider time, out IReadOnlyList<string> warm)
    {
        if (AtomicFile.Read(checkpoints, WorkerLoop.CheckpointFile) is { } state
            && PipelineRun.Restore(release.Plan, release.Models, sink, time, state).TryGet(out var restored, out _))
        {
            var names = AtomicFile.Read(checkpoints, WorkerLoop.WarmFile) ?? [];
            warm = System.Text.Encoding.UTF8.GetString(names).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return restored;
        }

        warm = [];
        return PipelineRun.Start(release.Plan, release.Models, sink, time).Value;
    }

    private static MqttClientOptions Options(WorkerOrders orders) => new()
    {
        Endpoint = MqttEndpoint.Unix(orders.Socket),
        ClientId = "worker-" + orders.Release,
        CleanStart = false,
        SessionExpiry = TimeSpan.FromDays(1),
        ReceiveMaximum = InflightMax,
        HandlersMax = InflightMax,
        BackoffMin = TimeSpan.FromMilliseconds(100),
        BackoffMax = TimeSpan.FromSeconds(2),
    };

    private static async Task BeatAsync(WorkerLoop loop, TimeSpan interval, TimeProvider time, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(interval, time);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            await loop.GiveAsync(new WorkerInput.Beat(), stopping);
        }
    }

    // The end of the orders is the order to end: also when the supervisor has died.
    private static async Task ObeyAsync(TextReader orders, WorkerLoop loop, TimeProvider time, Func<Task> giveUp, CancellationToken stopping)
    {
        while (await ReadAsync(orders, stopping) is { } next)
        {
            await loop.GiveAsync(new WorkerInput.Orders(next), stopping);
        }

        loop.Complete();
        await Task.Delay(DrainWithin, time, stopping);
        await giveUp();
    }

    private static async Task<WorkerOrders?> ReadAsync(TextReader orders, CancellationToken stopping) =>
        await orders.ReadLineAsync(stopping) is { } line ? JsonSerializer.Deserialize(line, EdgeJson.Default.WorkerOrders) : null;
}
