using Pilotage.Broker.Sessions;

namespace Pilotage.Broker.Topics;

/// <summary>The sessions behind one shared subscription: each message goes to one of them (MQTT 5.0, section 4.8.2).</summary>
/// <param name="topicFilter">The filter without its <c>$share/name/</c>.</param>
internal sealed class ShareGroup(string topicFilter)
{
    private readonly List<(Session Session, Subscription Subscription)> _members = [];
    private int _next;

    /// <summary>What matches topics.</summary>
    public string TopicFilter { get; } = topicFilter;

    /// <summary>How many sessions share.</summary>
    public int Count => _members.Count;

    /// <summary>Adds a member, or replaces its options.</summary>
    public void Set(Session session, Subscription subscription)
    {
        Remove(session);
        _members.Add((session, subscription));
    }

    /// <summary>Takes a member out.</summary>
    public void Remove(Session session) => _members.RemoveAll(member => ReferenceEquals(member.Session, session));

    /// <summary>Whether anyone but this session could take a message now.</summary>
    public bool HasOtherOnline(Session session)
    {
        foreach (var (member, _) in _members)
        {
            if (!ReferenceEquals(member, session) && member.Link is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Chooses in turn among the members that are connected and keep up; among busy ones the one with the shortest
    /// queue; with nobody connected, among those that have a queue. Nothing when nobody can take the message.
    /// </summary>
    public (Session Session, Subscription Subscription)? Choose(byte qos, Session? except = null)
    {
        var best = -1;
        var (bestRank, bestQueue) = (0, int.MaxValue);
        for (var i = 0; i < _members.Count; i++)
        {
            var place = (_next + i) % _members.Count;
            var (session, subscription) = _members[place];
            var rank = ReferenceEquals(session, except) ? 0 : Rank(session, Math.Min(qos, subscription.Qos));
            if (rank > bestRank || (rank == bestRank && rank > 0 && session.Queued < bestQueue))
            {
                (best, bestRank, bestQueue) = (place, rank, session.Queued);
            }

            if (rank == 3)
            {
                break;
            }
        }

        if (best < 0)
        {
            return null;
        }

        _next = (best + 1) % _members.Count;
        return _members[best];
    }

    private static int Rank(Session session, int qos) => session.Link switch
    {
        { SendWindow: var window } when window > 0 => qos == 0 || session.Queued + session.Releases.Count < window ? 3 : 2,
        not null => 2,
        null => session.Durable && qos > 0 ? 1 : 0,
    };
}
