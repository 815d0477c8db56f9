namespace Pilotage.Broker.Sessions;

/// <content>The broker's own topics.</content>
internal sealed partial class Exchange
{
    /// <summary>Sends the <c>$SYS</c> topics to whoever subscribes to them; QoS 0, never kept.</summary>
    public void PublishStatus()
    {
        lock (_gate)
        {
            foreach (var space in _spaces.Values)
            {
                foreach (var stored in Status(space))
                {
                    FindTargets(space, publisher: null, stored.View);
                    foreach (var target in _targets)
                    {
                        Deliver(target, stored);
                    }
                }
            }
        }
    }

    private IEnumerable<StoredMessage> Status(TenantSpace space)
    {
        foreach (var message in StatusTopics.Of(space, Now))
        {
            yield return new(0, message, 0);
        }
    }
}
