using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Edge.Buffer;
using Pilotage.Testing;
using Pilotage.TimeSeries.Chunks;

namespace Pilotage.Simulation.Edge;

/// <summary>A lane of an edge's buffer on a simulated disk, a link that loses messages and answers, and a server that keeps what it is told by offset: numbered messages in, and an account of every one of them out.</summary>
internal sealed class ForwardingStory : IAsyncDisposable
{
    private const int MessagesMax = 60;
    private const int BytesMax = 8 * 1024;
    private readonly Random _random;
    private readonly SimulatedDisk _disk;
    private readonly ManualTime _time = new();
    private readonly long _bytesMax;
    private readonly Dictionary<string, long> _marks = [];
    private readonly Dictionary<long, int> _stored = [];
    private readonly HashSet<ForwardGap> _gaps = [];

    // When each message was received, by its number; and of which device it is: the number modulo the devices.
    private readonly List<long> _sentNs = [];
    private readonly int _devices;
    private BufferLane _lane;
    private int _lives;

    public ForwardingStory(int seed, int devices, long bytesMax)
    {
        (_random, _devices, _bytesMax) = (new Random(seed), devices, bytesMax);
        _disk = new SimulatedDisk(_random);
        _lane = Open();
    }

    /// <summary>Messages that the edge acknowledged.</summary>
    public int Sent => _sentNs.Count;

    /// <summary>Messages that the server was told of as dropped.</summary>
    public long Told => _gaps.Sum(gap => gap.Count);

    /// <summary>Spans in which they were told.</summary>
    public int Spans => _gaps.Count;

    /// <summary>Bytes that wait.</summary>
    public long PendingBytes => _lane.PendingBytes;

    /// <summary>Devices send a message each; all are on disk when this completes.</summary>
    public async Task SendAsync(TimeSpan apart)
    {
        var appended = new List<Task>();
        for (var device = 0; device < _devices; device++)
        {
            _time.Advance(apart / _devices);
            var (number, ns) = (_sentNs.Count, (_time.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick);
            _sentNs.Add(ns);
            var payload = string.Create(CultureInfo.InvariantCulture, $"{{\"ts\":{ns / 1_000_000},\"values\":{{\"number\":{number}}}}}");
            appended.Add(_lane.AppendAsync(new ForwardedMessage(0, ns, TopicOf(number), Encoding.UTF8.GetBytes(payload)), CancellationToken.None).AsTask());
        }

        await Task.WhenAll(appended);
    }

    /// <summary>Sends a batch; it is lost, or stored with the answer lost, or answered.</summary>
    public async Task<bool> ForwardAsync(double lost, double answerLost)
    {
        if (await _lane.NextAsync("edge-1", MessagesMax, BytesMax, CancellationToken.None) is not { } batch)
        {
            return false;
        }

        if (_random.NextDouble() >= lost)
        {
            Store(batch);
            if (_random.NextDouble() >= answerLost)
            {
                await _lane.AckAsync(batch.NextOffset, CancellationToken.None);
            }
        }

        return true;
    }

    /// <summary>The edge starts again: in good order, or after its power was cut.</summary>
    public async Task RestartAsync(bool isCut)
    {
        if (isCut)
        {
            _disk.Cut();
        }
        else
        {
            await _lane.DisposeAsync();
        }

        _lane = Open();
    }

    /// <summary>Lets all that is left through.</summary>
    public async Task DrainAsync()
    {
        while (await ForwardAsync(0, 0))
        {
            // One batch after the other.
        }
    }

    /// <summary>What is wrong with the account; empty when every message is with the server once, or told to be dropped in a span in which nothing else is missing.</summary>
    public string Verdict()
    {
        var faults = new List<string>();
        foreach (var (number, times) in _stored.Where(one => one.Value != 1))
        {
            faults.Add($"message {number} is stored {times} times");
        }

        var missing = Enumerable.Range(0, Sent).Where(number => !_stored.ContainsKey(number)).ToList();
        var told = 0;
        foreach (var gap in _gaps)
        {
            var within = Enumerable.Range(0, Sent).Where(number => TopicOf(number) == gap.Topic && _sentNs[number] >= gap.FirstNs && _sentNs[number] <= gap.LastNs).ToList();
            var gone = within.Count(number => !_stored.ContainsKey(number));
            told += gone;
            if (gone != gap.Count || within.Count != gone)
            {
                faults.Add($"{gap} has {within.Count} messages, of which {gone} are missing");
            }
        }

        if (told != missing.Count)
        {
            faults.Add($"{missing.Count} messages are missing, {told} are told");
        }

        return string.Join("; ", faults.Take(5));
    }

    public ValueTask DisposeAsync() => _lane.DisposeAsync();

    private string TopicOf(int number) => $"acme/site/device-{number % _devices}/_tele";

    private BufferLane Open() => BufferLane.Open(_disk.Root, "telemetry", 2, _bytesMax, 0, () => $"log-{_lives++}", _time, NullLogger.Instance);

    /// <summary>As the server does: what lies above the mark, and the mark with it; gaps once.</summary>
    private void Store(ForwardBatch sent)
    {
        var buffer = new ArrayBufferWriter<byte>();
        MessageColumns.Pack(sent).Encode(buffer);
        var batch = ForwardBatch.Decode(buffer.WrittenSpan).Then(MessageColumns.Unpack).Value;
        var mark = _marks.GetValueOrDefault(batch.LogId, -1);
        foreach (var message in batch.Messages.Where(message => message.Offset > mark))
        {
            var text = Encoding.UTF8.GetString(message.Payload.Span);
            var number = long.Parse(text[(text.LastIndexOf(':') + 1)..^2], CultureInfo.InvariantCulture);
            _stored[number] = _stored.GetValueOrDefault(number) + 1;
        }

        _gaps.UnionWith(batch.Gaps);
        _marks[batch.LogId] = Math.Max(mark, batch.NextOffset - 1);
    }
}
