using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Pilotage.Broker.Sessions;

namespace Pilotage.Broker.Connections;

/// <summary>What all connections of one broker share.</summary>
internal sealed record LinkContext(
    BrokerOptions Options,
    BrokerHooks Hooks,
    Exchange Exchange,
    WillPublisher Wills,
    Admission Admission,
    DevicePaces Paces,
    RefusalLog Refusals,
    MemoryWatch Memory,
    ClientTraces Traces,
    TimeProvider Time,
    ILogger Logger,
    CancellationToken Stopping);

/// <summary>One accepted socket, TLS behind it.</summary>
/// <param name="Wire">Bytes in and out.</param>
/// <param name="Listener">By which listener it came.</param>
/// <param name="Encrypted">Whether TLS stands before it.</param>
/// <param name="Certificate">The client's certificate, trusted already.</param>
/// <param name="Remote">The peer; nothing for a Unix socket.</param>
/// <param name="Acks">When messages are acknowledged.</param>
/// <param name="Entry">Its place among those that have not come in yet.</param>
internal sealed record Transport(
    IWire Wire,
    string Listener,
    bool Encrypted,
    X509Certificate2? Certificate,
    EndPoint? Remote,
    AckPolicy Acks,
    Admission.HalfOpen Entry)
{
    /// <summary>The peer's address.</summary>
    public IPAddress? Address => (Remote as IPEndPoint)?.Address;
}
