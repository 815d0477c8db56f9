using System.IO.Pipelines;
using System.Net.WebSockets;
using Pilotage.Broker.Connections;
using Xunit;

namespace Pilotage.Tests.Broker;

/// <summary>A wire over somebody else's pipe whose peer goes away under a write.</summary>
public sealed class PipeWireTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>What the streams below a pipe throw then: sockets, WebSockets, WebSockets that were aborted.</summary>
    public static TheoryData<Exception> Losses =>
        [new IOException("gone"), new WebSocketException("gone"), new NotSupportedException("gone"), new ObjectDisposedException("gone")];

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task A_peer_that_is_gone_under_a_write_is_told_to_the_owner_and_costs_nothing_else(Exception loss)
    {
        var outbox = new Outbox(16, 1024);
        lock (outbox.Gate)
        {
            outbox.GetSpan(2)[0] = 0xD0;
            outbox.Advance(2);
            outbox.EndPacket();
        }

        var wire = new PipeWire(new BrokenPipe(loss), static () => { });
        var owner = new Owner();
        wire.Start(outbox, owner);
        await wire.DrainedAsync().WaitAsync(Patience);
        await wire.CloseAsync();

        Assert.StartsWith("writing failed: ", owner.Why, StringComparison.Ordinal);
        Assert.True(outbox.IsClosed);
    }

    private sealed class Owner : IWireOwner
    {
        public string? Why { get; private set; }

        public void HasRoom()
        {
        }

        public void IsCut(string why) => Why = why;
    }

    private sealed class BrokenPipe(Exception loss) : IDuplexPipe
    {
        public PipeReader Input { get; } = PipeReader.Create(Stream.Null);

        public PipeWriter Output { get; } = new BrokenWriter(loss);
    }

    private sealed class BrokenWriter(Exception loss) : PipeWriter
    {
        public override void Advance(int bytes)
        {
        }

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null) => throw loss;

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            ValueTask.FromException<FlushResult>(loss);

        public override Memory<byte> GetMemory(int sizeHint = 0) => new byte[Math.Max(16, sizeHint)];

        public override Span<byte> GetSpan(int sizeHint = 0) => new byte[Math.Max(16, sizeHint)];
    }
}
