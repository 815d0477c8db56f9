using System.IO.Pipelines;

namespace Pilotage.Broker.Connections;

/// <summary>What carries one connection's bytes.</summary>
internal interface IWire
{
    /// <summary>Bytes in.</summary>
    PipeReader Input { get; }

    /// <summary>Begins to carry away what the outbox gathers.</summary>
    void Start(Outbox outbox, IWireOwner owner);

    /// <summary>There is something in the outbox, or it was closed. From any thread; waits for nothing.</summary>
    void Wake();

    /// <summary>Completes when the closed outbox is empty, or nothing can be sent any more.</summary>
    Task DrainedAsync();

    /// <summary>Gives the socket back; the last call.</summary>
    ValueTask CloseAsync();

    /// <summary>Cuts the socket without ceremony. From any thread.</summary>
    void Abort();
}

/// <summary>Whom a wire tells how sending goes.</summary>
internal interface IWireOwner
{
    /// <summary>There is room again for what the outbox had refused.</summary>
    void HasRoom();

    /// <summary>Nothing can be sent any more.</summary>
    void IsCut(string why);
}
