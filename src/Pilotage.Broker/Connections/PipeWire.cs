using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Pilotage.Broker.Connections;

/// <summary>A wire over somebody else's pipe: TLS and WebSocket.</summary>
internal sealed class PipeWire(IDuplexPipe pipe, Action abort) : IWire
{
    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    private Task _carrying = Task.CompletedTask;

    public PipeReader Input => pipe.Input;

    public void Start(Outbox outbox, IWireOwner owner) => _carrying = CarryAsync(outbox, owner);

    public void Wake() => _wakes.Writer.TryWrite(true);

    public Task DrainedAsync() => _carrying;

    public async ValueTask CloseAsync()
    {
        await pipe.Input.CompleteAsync();
        try
        {
            await pipe.Output.CompleteAsync();
        }
        catch (Exception fault) when (IsLoss(fault))
        {
            // It tries once more what could not be sent before, to a peer who is gone.
        }
    }

    public void Abort() => abort();

    /// <summary>Each transport has its own word for a peer who is gone; a WebSocket that was cut calls writing not supported.</summary>
    private static bool IsLoss(Exception fault) => fault is IOException or WebSocketException or OperationCanceledException
        or InvalidOperationException or NotSupportedException or ConnectionAbortedException;

    private async Task CarryAsync(Outbox outbox, IWireOwner owner)
    {
        try
        {
            while (true)
            {
                // Seen before the last look at the bytes, so that nothing written before the close stays behind.
                var closed = outbox.IsClosed;
                while (outbox.Peek() is { Count: > 0 } bytes)
                {
                    var flushed = await pipe.Output.WriteAsync(bytes, CancellationToken.None);
                    if (outbox.Sent(bytes.Count))
                    {
                        owner.HasRoom();
                    }

                    if (flushed.IsCompleted)
                    {
                        owner.IsCut("the client closed the connection");
                    }
                }

                if (closed)
                {
                    return;
                }

                await _wakes.Reader.ReadAsync(CancellationToken.None);
            }
        }
        catch (Exception fault) when (IsLoss(fault))
        {
            owner.IsCut($"writing failed: {fault.Message}");
            outbox.Close(discards: true);
        }
    }
}
