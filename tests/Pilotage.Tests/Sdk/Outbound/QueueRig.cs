using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.Sdk.Outbound;
using Pilotage.Testing;

namespace Pilotage.Tests.Sdk.Outbound;

/// <summary>A queue on a simulated disk, opened again and again, and the hands that send from it.</summary>
internal sealed class QueueRig : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly List<MqttQueueLoss> _losses = [];
    private OutboundQueue? _queue;
    private ushort _lastId;

    public QueueRig(int seed = 1) => Disk = new SimulatedDisk(new Random(seed));

    public SimulatedDisk Disk { get; }

    public ManualTime Time { get; } = new();

    public MqttQueueOptions Options { get; set; } = new() { Folder = "queue", BytesMax = MqttQueueOptions.BytesLeast };

    public OutboundQueue Queue => _queue ?? throw new InvalidOperationException("The queue is closed.");

    public IReadOnlyList<MqttQueueLoss> Losses
    {
        get
        {
            lock (_losses)
            {
                return [.. _losses];
            }
        }
    }

    public async Task<OutboundQueue> OpenAsync(string clientId = "pump-7") => _queue = await OutboundQueue.OpenAsync(
        Disk.Root, null, Options, clientId, Time, NullLogger.Instance, Note).WaitAsync(Patience);

    public async Task CloseAsync()
    {
        if (Interlocked.Exchange(ref _queue, null) is { } queue)
        {
            await queue.DisposeAsync().AsTask().WaitAsync(Patience);
        }
    }

    /// <summary>The program ends and begins again.</summary>
    public async Task<OutboundQueue> RestartAsync(string clientId = "pump-7")
    {
        await CloseAsync();
        return await OpenAsync(clientId);
    }

    /// <summary>The power goes, and comes back.</summary>
    public async Task<OutboundQueue> CutAsync()
    {
        Disk.Cut();
        return await RestartAsync();
    }

    public Task PublishAsync(int number, byte qos = 1, int bytes = 4, uint? expiry = null) =>
        Queue.AppendAsync(Message(number, qos, bytes, expiry), CancellationToken.None).AsTask().WaitAsync(Patience);

    /// <summary>The next message, with its identifier on disk.</summary>
    public async Task<QueuedMessage> TakeAsync()
    {
        await Queue.ReadyAsync(CancellationToken.None).WaitAsync(Patience);
        var taken = Queue.TryTake(NewId) ?? throw new InvalidOperationException("Nothing is ready.");
        await Queue.FixAsync([taken], CancellationToken.None).WaitAsync(Patience);
        return taken;
    }

    /// <summary>The next message; nothing when all are on their way.</summary>
    public async Task<QueuedMessage?> TryTakeAsync()
    {
        using var enough = new CancellationTokenSource(Patience);
        var ready = Queue.ReadyAsync(enough.Token);
        while (!ready.IsCompleted)
        {
            if (Queue.State.Waiting == Queue.Unanswered(sessionPresent: true).Count && !ready.IsCompleted)
            {
                await enough.CancelAsync();
                return null;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, enough.Token);
        }

        return await TakeAsync();
    }

    /// <summary>What is sent and acknowledged until nothing is left, by number.</summary>
    public async Task<List<int>> DrainAsync()
    {
        var numbers = new List<int>();
        foreach (var queued in Queue.Unanswered(sessionPresent: true))
        {
            numbers.Add(Number(queued));
            Queue.Acknowledged(queued);
        }

        while (await TryTakeAsync() is { } queued)
        {
            numbers.Add(Number(queued));
            Queue.Acknowledged(queued);
        }

        await Queue.EmptyAsync(CancellationToken.None).WaitAsync(Patience);
        return numbers;
    }

    /// <summary>Until the note of it is on disk.</summary>
    public async Task AcknowledgeAsync(QueuedMessage queued)
    {
        var before = Queue.State.Waiting;
        Queue.Acknowledged(queued);
        await UntilAsync(() => Queue.State.Waiting < before || !Queue.Uses(queued.PacketId));
    }

    /// <summary>PUBREC, until that is on disk.</summary>
    public async Task ReceiveAsync(QueuedMessage queued)
    {
        var released = new TaskCompletionSource();
        Queue.Received(queued, this, () =>
        {
            released.SetResult();
            return default;
        });
        await released.Task.WaitAsync(Patience);
    }

    public int Number(QueuedMessage queued) => BitConverter.ToInt32(Queue.Outgoing(queued)!.Payload.Span);

    public static MqttMessage Message(int number, byte qos = 1, int bytes = 4, uint? expiry = null)
    {
        var payload = new byte[bytes];
        BitConverter.TryWriteBytes(payload, number);
        return new() { Topic = "acme/n", Payload = payload, Qos = qos, ExpirySeconds = expiry };
    }

    public static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, patience.Token);
        }
    }

    /// <summary>What the log takes on disk.</summary>
    public long LogBytes() => Disk.Root.List().Where(name => name.EndsWith(".log", StringComparison.Ordinal)).Sum(name => Disk.Peek("", name)?.Length ?? 0);

    public ushort NewId()
    {
        do
        {
            _lastId++;
        }
        while (_lastId == 0 || Queue.Uses(_lastId));
        return _lastId;
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private void Note(MqttQueueLoss loss)
    {
        lock (_losses)
        {
            _losses.Add(loss);
        }
    }
}
