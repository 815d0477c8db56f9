using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Channels;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk.Mqtt;

/// <summary>
/// One connection to the broker, from CONNECT to its end: a reader, a writer with a bounded queue, and a pulse.
/// </summary>
internal sealed partial class Link : IAsyncDisposable
{
    private const int OutboxMax = 1024;

    private readonly MqttClientOptions _options;
    private readonly TimeProvider _time;
    private readonly Stream _stream;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly MqttLimits _limits;
    private readonly CancellationTokenSource _ended = new();
    private readonly Channel<LinkPacket> _outbox = Channel.CreateBounded<LinkPacket>(
        new BoundedChannelOptions(OutboxMax) { SingleReader = true });

    // What is left of the broker's receive maximum.
    private readonly SemaphoreSlim _credits = new(0);

    private (MqttReason Reason, string Why)? _end;
    private int _packetBytesMax = int.MaxValue;
    private TimeSpan _keepAlive;
    private long _lastHeard;
    private long _lastSent;

    public Link(MqttClientOptions options, TimeProvider time, Stream stream)
    {
        _options = options;
        _time = time;
        _stream = stream;
        _input = PipeReader.Create(stream);
        _output = PipeWriter.Create(stream);
        _limits = MqttLimits.Standard with { PacketBytesMax = options.PacketBytesMax };
        _keepAlive = options.KeepAlive;
        _lastHeard = _lastSent = time.GetTimestamp();
        Ended = _ended.Token;
        Incoming = Channel.CreateBounded<(ushort, MqttMessage)>(options.ReceiveMaximum + MqttClient.UnacknowledgedMax);
    }

    /// <summary>Messages that wait for the handler.</summary>
    public Channel<(ushort PacketId, MqttMessage Message)> Incoming { get; }

    /// <summary>Cancelled when the connection ends.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Why it ended.</summary>
    public (MqttReason Reason, string Why) End => _end ?? (MqttReason.Success, "the broker closed the connection");

    /// <summary>Told of a message that is larger than the broker takes and so was not sent.</summary>
    public Action<ushort>? TooLarge { get; set; }

    /// <summary>The largest QoS the broker takes.</summary>
    public byte QosMax { get; private set; } = 2;

    /// <summary>Sends CONNECT and takes the answer.</summary>
    public async Task<ConnAckPacket> ConnectAsync(ConnectPacket packet, CancellationToken cancellation)
    {
        MqttEncoder.Connect(_output, packet);
        await _output.FlushAsync(cancellation);
        while (true)
        {
            var result = await _input.ReadAsync(cancellation);
            var rest = result.Buffer;
            if (TryTake(ref rest, out var frame, out var body))
            {
                var answer = TakeConnAck(frame, body);
                _input.AdvanceTo(rest.Start);
                return answer;
            }

            _input.AdvanceTo(rest.Start, rest.End);
            if (result.IsCompleted)
            {
                throw new IOException("The broker closed the connection before it answered CONNECT.");
            }
        }
    }

    /// <summary>Queues a packet; waits while the queue is full, which is how a slow broker slows us.</summary>
    public ValueTask SendAsync(in LinkPacket packet, CancellationToken cancellation) =>
        _outbox.Writer.TryWrite(packet) ? default : _outbox.Writer.WriteAsync(packet, cancellation);

    /// <summary>Waits for room in the broker's window.</summary>
    public Task TakeCreditAsync() => _credits.WaitAsync(Ended);

    /// <summary>Takes room in the broker's window if there is any.</summary>
    public bool TryTakeCredit() => _credits.Wait(0, CancellationToken.None);

    /// <summary>An answer has come, and with it room for one more.</summary>
    public void ReturnCredit() => _credits.Release();

    /// <summary>
    /// Ends the connection; what is queued is still written, and a DISCONNECT after it where one is due.
    /// </summary>
    public void Close(MqttReason reason, string why, bool tell)
    {
        _end ??= (reason, why);
        if (tell)
        {
            _outbox.Writer.TryWrite(LinkPacket.Disconnect(reason));
        }

        _outbox.Writer.TryComplete();
    }

    /// <summary>Runs reader, writer and pulse until the connection ends; never throws.</summary>
    public async Task RunAsync(Func<LinkEvent, ValueTask> handle)
    {
        var writer = WriteAllAsync();
        var reader = ReadAllAsync(handle);
        var pulse = BeatAsync();
        await Task.WhenAny(reader, writer);
        Close(MqttReason.Success, "the broker closed the connection", tell: false);

        // The writer empties its queue; then the reader has nothing to wait for any more.
        await writer;
        await _ended.CancelAsync();
        await reader;
        await pulse;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // What the writer could not send is not tried again: completed without a fault, the output would, on a stream that is closed by now.
        await GiveUpAsync(_output.CompleteAsync(new IOException(End.Why)));
        await GiveUpAsync(_input.CompleteAsync());
        await GiveUpAsync(_stream.DisposeAsync());
        _credits.Dispose();
        _ended.Dispose();
    }

    /// <summary>A WebSocket says goodbye when it is closed, as each end of a pipe does to its stream; a peer who is gone does not take it.</summary>
    private static async ValueTask GiveUpAsync(ValueTask closing)
    {
        try
        {
            await closing;
        }
        catch (Exception fault) when (StreamFaults.IsLoss(fault))
        {
            // It is closed all the same.
        }
    }

    private ConnAckPacket TakeConnAck(MqttFrame frame, in ReadOnlySequence<byte> body)
    {
        if (frame.Type != MqttPacketType.ConnAck
            || !MqttDecoder.TryConnAck(body.ToArray(), _options.Version, _limits, out var answer, out _))
        {
            throw new IOException($"The broker answered CONNECT with {frame.Type}, or with a malformed CONNACK.");
        }

        var properties = answer.Properties;
        _credits.Release(Math.Min(properties?.ReceiveMaximum ?? ushort.MaxValue, _options.InflightMax));
        QosMax = properties?.MaximumQos ?? 2;
        _packetBytesMax = (int)Math.Min(properties?.MaximumPacketSize ?? int.MaxValue, int.MaxValue);
        _keepAlive = properties?.ServerKeepAlive is { } seconds ? TimeSpan.FromSeconds(seconds) : _options.KeepAlive;
        _lastHeard = _time.GetTimestamp();
        return answer;
    }
}
