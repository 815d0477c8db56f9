using System.Buffers;
using System.Net.WebSockets;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.Sdk.Mqtt;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Sdk;

public sealed class LinkTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_connection_that_breaks_while_bytes_wait_ends_with_the_reason_and_is_given_up_without_a_fault()
    {
        var stream = new BreakingStream(writes: 1);
        var link = await ConnectedAsync(stream);
        await link.SendAsync(LinkPacket.Publish(new() { Topic = "a", Payload = new byte[10] }, 0, false), CancellationToken.None);

        await link.RunAsync(static _ => default).WaitAsync(Patience);
        Assert.Contains("writing failed: the peer is gone", link.End.Why, StringComparison.Ordinal);

        await link.DisposeAsync();
        Assert.True(stream.IsClosed);
    }

    /// <summary>The second is how a WebSocket's stream says that it was aborted.</summary>
    public static TheoryData<Exception> Cuts => [new WebSocketException("cut"), new NotSupportedException("cut")];

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_websocket_that_is_cut_under_a_reader_ends_the_connection_without_a_fault(Exception cut)
    {
        var link = await ConnectedAsync(new BreakingStream(writes: 1) { OnRead = _ => throw cut });

        await link.RunAsync(static _ => default).WaitAsync(Patience);

        Assert.Equal("cut", link.End.Why);
        await link.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_websocket_that_is_cut_under_a_writer_ends_the_connection_without_a_fault(Exception cut)
    {
        var stream = new BreakingStream(writes: 1) { Fault = cut };
        var link = await ConnectedAsync(stream);
        await link.SendAsync(LinkPacket.Ack(MqttPacketType.PubAck, 1), CancellationToken.None);

        await link.RunAsync(static _ => default).WaitAsync(Patience);

        Assert.Equal("writing failed: cut", link.End.Why);
        await link.DisposeAsync();
    }

    [Fact]
    public async Task A_websocket_that_does_not_take_the_goodbye_is_closed_without_a_fault()
    {
        var stream = new BreakingStream(writes: 1) { OnClose = () => throw new WebSocketException("gone") };
        var link = await ConnectedAsync(stream);
        await link.DisposeAsync();
        Assert.True(stream.IsClosed);
    }

    [Fact]
    public async Task An_answer_that_is_due_when_the_writer_is_gone_is_no_fault()
    {
        byte[] publish = [0x30, 4, 0, 1, (byte)'a', 0];
        var link = await ConnectedAsync(new BreakingStream(writes: 1)
        {
            OnRead = buffer =>
            {
                publish.CopyTo(buffer);
                return publish.Length;
            },
        });

        await link.RunAsync(_ =>
        {
            link.Close(MqttReason.UnspecifiedError, "writing failed", tell: false);
            return new(link.SendAsync(LinkPacket.Ack(MqttPacketType.PubAck, 1), CancellationToken.None).AsTask());
        }).WaitAsync(Patience);

        Assert.Equal("writing failed", link.End.Why);
        await link.DisposeAsync();
    }

    private static async Task<Link> ConnectedAsync(BreakingStream stream)
    {
        var link = new Link(new MqttClientOptions { Endpoint = MqttEndpoint.Tcp("127.0.0.1", 1) }, new ManualTime(), stream);
        await link.ConnectAsync(new ConnectPacket { ClientId = "c" }, CancellationToken.None);
        return link;
    }

    /// <summary>Answers CONNECT, takes so many writes, then breaks; once closed it says so, as a network stream does.</summary>
    private sealed class BreakingStream(int writes) : Stream
    {
        private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _writesLeft = writes;
        private bool _answered;

        public bool IsClosed { get; private set; }

        /// <summary>How a write breaks.</summary>
        public Exception Fault { get; init; } = new IOException("the peer is gone");

        /// <summary>What happens when it is closed.</summary>
        public Action? OnClose { get; init; }

        /// <summary>What comes after the answer to CONNECT; nothing until a write breaks when there is none.</summary>
        public Func<Memory<byte>, int>? OnRead { get; init; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_answered)
            {
                if (OnRead is not null)
                {
                    return OnRead(buffer);
                }

                await _broken.Task.WaitAsync(cancellationToken);
                return 0;
            }

            _answered = true;
            var answer = new ArrayBufferWriter<byte>();
            MqttEncoder.ConnAck(answer, MqttVersion.V5, new(false, MqttReason.Success, null), int.MaxValue);
            answer.WrittenMemory.CopyTo(buffer);
            return answer.WrittenCount;
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            if (_writesLeft-- > 0)
            {
                return default;
            }

            _broken.TrySetResult();
            throw Fault;
        }

        protected override void Dispose(bool disposing)
        {
            IsClosed = true;
            OnClose?.Invoke();
            base.Dispose(disposing);
        }
    }
}
