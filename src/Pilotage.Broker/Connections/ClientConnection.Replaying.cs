using Pilotage.Broker.Sessions;
using Pilotage.Broker.Topics;

namespace Pilotage.Broker.Connections;

/// <content>What is retained, sent to who has subscribed: as fast as the client takes it, and nothing is dropped.</content>
internal sealed partial class ClientConnection
{
    private static readonly TimeSpan ReplayPause = TimeSpan.FromMilliseconds(20);

    // Guards itself. At most one for each filter, so as many as there may be subscriptions.
    private readonly List<Subscription> _replays = [];
    private bool _replaying;

    /// <summary>
    /// Sends what is retained, at once while there is room. Where there is none the reader must not wait for it: room comes of
    /// acknowledgements, and they come through the reader.
    /// </summary>
    private void Replay(List<Subscription> subscriptions)
    {
        lock (_replays)
        {
            foreach (var subscription in subscriptions)
            {
                _replays.RemoveAll(waiting => waiting.Filter == subscription.Filter);
                _replays.Add(subscription);
            }

            if (_replaying || _replays.Count == 0)
            {
                return;
            }

            _replaying = true;
        }

        _ = ReplayAllAsync();
    }

    private async Task ReplayAllAsync()
    {
        try
        {
            while (NextReplay() is { } subscription)
            {
                await ReplayAsync(subscription);
            }
        }
        catch (OperationCanceledException)
        {
            // The broker stops.
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Log.Faulted(context.Logger, transport.Listener, fault);
            End(Protocols.Mqtt.MqttReason.ImplementationSpecificError, "an internal error");
        }
    }

    private Subscription? NextReplay()
    {
        lock (_replays)
        {
            _replaying = _replays.Count > 0 && !Ended;
            if (!_replaying)
            {
                return null;
            }

            var next = _replays[0];
            _replays.RemoveAt(0);
            return next;
        }
    }

    private async ValueTask ReplayAsync(Subscription subscription)
    {
        var waited = false;
        foreach (var retained in context.Exchange.RetainedFor(_session!, subscription.Filter))
        {
            // Newer than the list is only what the client has had as it came: the old one must not follow it.
            if (waited && !context.Exchange.IsStillRetained(_session!, retained))
            {
                continue;
            }

            while (!Ended && !TryReplay(retained, subscription))
            {
                await Task.Delay(ReplayPause, context.Time, context.Stopping);
                waited = true;
                if (!context.Exchange.IsSubscribed(_session!, subscription.Filter))
                {
                    return;
                }
            }

            if (Ended)
            {
                return;
            }
        }
    }

    private bool TryReplay(StoredMessage retained, Subscription subscription) =>
        Math.Min(retained.Qos, subscription.Qos) == 0
            ? TryDeliver(retained.View, retained.SinceNs, retain: true, subscription.Identifiers) != Handing.NoRoom
            : context.Exchange.TryReplay(_session!, this, retained, subscription);
}
