using Microsoft.Extensions.Logging;
using Pilotage.Broker.Sessions;

namespace Pilotage.Broker.Connections;

/// <summary>
/// Publishes wills as they fall due. A client that comes back waits here for its own earlier will, so that its birth
/// message never comes before it.
/// </summary>
internal sealed partial class WillPublisher(
    Exchange exchange, BrokerHooks hooks, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>
    /// Completes when every will that was due has been handed on, to subscribers and to the host, though not yet
    /// stored.
    /// </summary>
    public async ValueTask PublishDueAsync(CancellationToken stopping)
    {
        await _one.WaitAsync(stopping);
        try
        {
            foreach (var will in exchange.TakeDueWills())
            {
                _ = PublishAsync(will, stopping);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task PublishAsync(DueWill will, CancellationToken stopping)
    {
        try
        {
            var receivedNs = BrokerClock.Ns(time);
            var taken = hooks.ReceiveAsync(will.Who, will.Message.AsView(), receivedNs, stopping).AsTask();
            await exchange.Route(will.Who.Tenant, null, will.Message.AsView()).Stored;
            await taken;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Log.WillFailed(logger, will.Who.ClientId, fault);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2105, LogLevel.Error, "The will of client {ClientId} could not be published.")]
        public static partial void WillFailed(ILogger logger, string clientId, Exception fault);
    }
}
