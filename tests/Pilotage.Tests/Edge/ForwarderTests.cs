using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Edge.Buffer;
using Pilotage.Edge.Link;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing;
using Pilotage.TimeSeries.Chunks;
using Xunit;

namespace Pilotage.Tests.Edge;

public sealed class ForwarderTests
{
    private const int StepsMax = 1_000_000;
    private readonly SimulatedDisk _disk = new(new Random(1));
    private readonly ManualTime _time = new();
    private readonly List<byte> _formats = [];
    private readonly List<ForwardedMessage> _taken = [];
    private Func<byte, MqttReason> _judge = _ => MqttReason.Success;

    [Fact]
    public async Task Messages_travel_in_columns_and_arrive_as_they_were()
    {
        await RunAsync(20, until: 20);

        Assert.Equal([2], _formats);
        Assert.Equal(Enumerable.Range(0, 20).Select(Payload), _taken.Select(message => Encoding.UTF8.GetString(message.Payload.Span)));
    }

    [Fact]
    public async Task A_server_that_does_not_read_columns_gets_the_same_messages_without()
    {
        _judge = format => format == 1 ? MqttReason.Success : MqttReason.PayloadFormatInvalid;
        await RunAsync(20, until: 20);

        Assert.Equal([2, 1], _formats);
        Assert.Equal(Enumerable.Range(0, 20).Select(Payload), _taken.Select(message => Encoding.UTF8.GetString(message.Payload.Span)));
    }

    [Fact]
    public async Task Another_refusal_is_no_word_about_the_format()
    {
        var refused = false;
        _judge = _ =>
        {
            (var first, refused) = (!refused, true);
            return first ? MqttReason.QuotaExceeded : MqttReason.Success;
        };
        await RunAsync(20, until: 20);

        Assert.Equal([2, 2], _formats);
        Assert.Equal(20, _taken.Count);
    }

    private async Task RunAsync(int count, int until)
    {
        await using var lane = BufferLane.Open(_disk.Root, "telemetry", 2, 1 << 24, 0, () => "log", _time, NullLogger.Instance);
        for (var i = 0; i < count; i++)
        {
            await lane.AppendAsync(new ForwardedMessage(0, i, "acme/s/d1/_tele", Encoding.UTF8.GetBytes(Payload(i))), default);
        }

        using var stopping = new CancellationTokenSource();
        var running = new Forwarder([lane], "edge-1", "acme/s/edge-1", TimeSpan.Zero, UplinkBudgetTests.Unbounded(_time), isUrgent: false, PublishAsync, _time, NullLogger<Forwarder>.Instance).RunAsync(stopping.Token);
        for (var steps = 0; lane.PendingBytes > 0 || _taken.Count < until; steps++)
        {
            Assert.InRange(steps, 0, StepsMax);
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await stopping.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private ValueTask<MqttReason> PublishAsync(MqttMessage message, CancellationToken cancellation)
    {
        var format = message.Payload.Span[4];
        _formats.Add(format);
        var reason = _judge(format);
        if (reason == MqttReason.Success)
        {
            _taken.AddRange(ForwardBatch.Decode(message.Payload.Span).Then(MessageColumns.Unpack).Value.Messages);
        }

        return new(reason);
    }

    private static string Payload(int i) => $"{{\"ts\":{1_700_000_000_000 + i},\"values\":{{\"a\":{i}.5}}}}";
}
