using System.Buffers;
using System.Threading.Channels;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Core.Durability;
using Pilotage.Edge.Workers;
using Pilotage.Protocols.Mqtt;
using Pilotage.Runtime;

namespace Pilotage.Edge.Worker;

/// <summary>
/// The one loop of a worker: takes what waits, pushes it through the pipeline, publishes what comes out, writes a checkpoint, and only
/// then lets the inputs be acknowledged. So after a crash every input is either in the checkpoint or delivered again.
/// </summary>
internal sealed class WorkerLoop(
    PipelineRun run,
    WorkerSink sink,
    TelemetryRows rows,
    IDurableDirectory checkpoints,
    Func<MqttMessage, CancellationToken, ValueTask<MqttReason>> publish,
    Func<string, CancellationToken, Task> subscribe,
    Func<string, CancellationToken, Task> unsubscribe,
    Action<WorkerReport> say,
    TimeProvider time)
{
    /// <summary>Name of the checkpoint in its folder.</summary>
    public const string CheckpointFile = "checkpoint";

    /// <summary>Name of the list of devices whose windows the checkpoint holds.</summary>
    public const string WarmFile = "warm";
    private const int BatchMax = 256;
    private readonly Channel<WorkerInput> _inputs = Channel.CreateBounded<WorkerInput>(new BoundedChannelOptions(4096) { SingleReader = true });
    private readonly Dictionary<string, DesiredDevice> _byPath = [];
    private readonly Dictionary<string, List<WorkerInput.Message>> _held = [];
    private HashSet<string> _warm = [];

    /// <summary>Takes over which devices' windows the checkpoint holds.</summary>
    public void Resume(IEnumerable<string> warm) => _warm = [.. warm];

    public ValueTask GiveAsync(WorkerInput input, CancellationToken cancellation) => _inputs.Writer.WriteAsync(input, cancellation);

    /// <summary>No more input: the loop ends when it has done what waits.</summary>
    public void Complete() => _inputs.Writer.TryComplete();

    public async Task RunAsync(CancellationToken stopping)
    {
        while (await _inputs.Reader.WaitToReadAsync(stopping))
        {
            var done = new List<TaskCompletionSource>();
            for (var taken = 0; taken < BatchMax && _inputs.Reader.TryRead(out var input); taken++)
            {
                await TakeAsync(input, done, stopping);
            }

            await FinishAsync(done, stopping);
        }
    }

    private async Task TakeAsync(WorkerInput input, List<TaskCompletionSource> done, CancellationToken stopping)
    {
        switch (input)
        {
            case WorkerInput.Message message:
                Take(message, done);
                break;
            case WorkerInput.Orders orders:
                await ObeyAsync(orders.New, done, stopping);
                break;
            default:
                Beat();
                break;
        }
    }

    private void Take(WorkerInput.Message message, List<TaskCompletionSource> done)
    {
        if (!TopicPath.TryParse(message.Received.Topic, out var path) || path.Class != TopicClass.Telemetry
            || !_byPath.TryGetValue(path.DevicePath, out var device))
        {
            done.Add(message.Done);
        }
        else if (_held.TryGetValue(device.Device, out var held))
        {
            held.Add(message);
        }
        else
        {
            Push(device, path.Name, message.Received.Payload);
            sink.SayUnsaid();
            done.Add(message.Done);
        }
    }

    private void Push(DesiredDevice device, string property, ReadOnlyMemory<byte> payload)
    {
        var nowNs = (time.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick;
        foreach (var row in rows.Read(payload, property, nowNs))
        {
            run.Push(0, new DeviceId(device.Device), row.TimeNs, row.Values, row.Texts, row.TimeNs);
        }
    }

    private async Task ObeyAsync(WorkerOrders orders, List<TaskCompletionSource> done, CancellationToken stopping)
    {
        sink.Assign(orders.Devices);
        var wanted = orders.Devices.ToDictionary(device => device.Path);
        foreach (var (path, device) in _byPath.Where(item => !wanted.ContainsKey(item.Key)).ToList())
        {
            _byPath.Remove(path);
            _warm.Remove(device.Device);

            // Should it come back, its windows are filled again from what came meanwhile, and an alert that stands is raised again.
            run.Forget(new DeviceId(device.Device));
            if (_held.Remove(device.Device, out var held))
            {
                done.AddRange(held.Select(message => message.Done));
            }

            await unsubscribe(path, stopping);
        }

        if (orders.HistoryPath is { } history)
        {
            Warm(history, orders.HistoryOf);
            Release(orders.HistoryOf, done);
        }

        var cold = new List<string>();
        foreach (var (path, device) in wanted)
        {
            var isNew = !_byPath.ContainsKey(path);
            _byPath[path] = device;
            if (isNew)
            {
                await subscribe(path, stopping);
                if (!_warm.Contains(device.Device))
                {
                    _held.Add(device.Device, []);
                    cold.Add(device.Device);
                }
            }
        }

        if (cold.Count > 0)
        {
            say(new WorkerReport { Says = WorkerSays.Cold, Devices = [.. cold.Select(id => new AttestedDevice { Device = id })] });
        }

        Beat();
    }

    // The windows are filled with what was before, in the order it came; nothing is said about it.
    private void Warm(string path, IReadOnlyList<string> devices)
    {
        var known = devices.ToHashSet();
        sink.Silent = true;
        if (ForwardBatch.Decode(File.ReadAllBytes(path)).TryGet(out var batch, out _))
        {
            foreach (var message in batch.Messages)
            {
                if (TopicPath.TryParse(message.Topic, out var topic) && _byPath.TryGetValue(topic.DevicePath, out var device) && known.Contains(device.Device))
                {
                    Push(device, topic.Name, message.Payload);
                }
            }
        }

        sink.Silent = false;
        File.Delete(path);
    }

    private void Release(IReadOnlyList<string> devices, List<TaskCompletionSource> done)
    {
        foreach (var id in devices)
        {
            _warm.Add(id);
            if (_held.Remove(id, out var held))
            {
                held.ForEach(message => Take(message, done));
            }
        }
    }

    private void Beat() => say(new WorkerReport
    {
        Says = WorkerSays.Beat,
        Devices = [.. sink.Attest()],
        Inferences = sink.Inferences,
        P50Ms = run.Latency.Count == 0 ? null : run.Latency.Quantile(0.5).TotalMilliseconds,
        P99Ms = run.Latency.Count == 0 ? null : run.Latency.Quantile(0.99).TotalMilliseconds,
    });

    private async Task FinishAsync(List<TaskCompletionSource> done, CancellationToken stopping)
    {
        var acks = sink.Take().Select(message => publish(message, stopping).AsTask()).ToList();
        var refused = (await Task.WhenAll(acks)).Any(reason => (byte)reason >= 0x80);
        if (refused)
        {
            // The buffer is full: without the outputs the inputs must not count as done. The broker delivers them again.
            done.ForEach(source => source.TrySetException(new IOException("The edge's buffer takes nothing at the moment.")));
            return;
        }

        if (done.Count > 0)
        {
            var state = new ArrayBufferWriter<byte>();
            run.Checkpoint(state);
            AtomicFile.Write(checkpoints, CheckpointFile, state.WrittenSpan);
            AtomicFile.Write(checkpoints, WarmFile, System.Text.Encoding.UTF8.GetBytes(string.Join('\n', _warm)));
        }

        done.ForEach(source => source.TrySetResult());
    }
}
