namespace Pilotage.Testing;

/// <summary>What senders saw acknowledged, compared with what a store returns: four counts, and all must be 0.</summary>
public sealed class MessageLedger
{
    private const int NamedMax = 50;
    private readonly HashSet<long> _acked = [];
    private readonly HashSet<long> _sent = [];
    private readonly List<long> _missing = [];

    public int Acked => _acked.Count;

    public int Missing { get; private set; }

    public int Duplicate { get; private set; }

    public int Altered { get; private set; }

    public int Invented { get; private set; }

    public int Faults => Missing + Duplicate + Altered + Invented;

    public void Sent(long id) => _sent.Add(id);

    public void Ack(long id)
    {
        _sent.Add(id);
        _acked.Add(id);
    }

    /// <summary>Compares with all that is stored. Pass sent ids as open-ended when a sender that died cannot list them.</summary>
    /// <param name="stored">The ids as stored, and whether their content is right.</param>
    /// <param name="knowsAllSent">Whether every id that was ever sent was noted.</param>
    public void Account(IEnumerable<(long Id, bool IsIntact)> stored, bool knowsAllSent)
    {
        var seen = new HashSet<long>();
        foreach (var (id, isIntact) in stored)
        {
            Duplicate += seen.Add(id) ? 0 : 1;
            Altered += isIntact ? 0 : 1;
            Invented += knowsAllSent && !_sent.Contains(id) ? 1 : 0;
        }

        var missing = _acked.Where(id => !seen.Contains(id)).Order().ToList();
        Missing += missing.Count;
        _missing.AddRange(missing.Take(NamedMax - Math.Min(NamedMax, _missing.Count)));

        // Served once, a message must stay, whether its sender lived to see the ack or not.
        _acked.UnionWith(seen);
    }

    public override string ToString() =>
        $"acked {Acked}, missing {Missing}, duplicate {Duplicate}, altered {Altered}, invented {Invented}"
        + (_missing.Count == 0 ? "" : $"; missing are {string.Join(' ', _missing)}{(Missing > _missing.Count ? " and more" : "")}");
}
