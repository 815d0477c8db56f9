namespace Pilotage.Broker.Sessions;

/// <summary>
/// The identifiers of QoS 2 messages that a client has sent and not yet released: two bits each, a page for 1,024, so
/// that even all 65,535 take no more than 17 KB.
/// </summary>
internal sealed class IncomingIds
{
    private const int IdsPerWord = 32;
    private const int IdsPerPage = 1024;
    private const int WordsPerPage = IdsPerPage / IdsPerWord;

    private readonly ulong[]?[] _pages = new ulong[]?[(ushort.MaxValue + 1) / IdsPerPage];
    private readonly int[] _used = new int[(ushort.MaxValue + 1) / IdsPerPage];
    private ulong[]? _spare;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>What is known of an identifier.</summary>
    public IncomingState this[ushort id]
    {
        get => _pages[id / IdsPerPage] is { } page
            ? (IncomingState)((page[id % IdsPerPage / IdsPerWord] >> (2 * (id % IdsPerWord))) & 3)
            : IncomingState.None;
        set => Set(id, value);
    }

    /// <summary>All of them, in rising order.</summary>
    public IEnumerable<ushort> All()
    {
        for (var page = 0; page < _pages.Length; page++)
        {
            for (var i = 0; _pages[page] is not null && i < IdsPerPage; i++)
            {
                var id = (ushort)((page * IdsPerPage) + i);
                if (this[id] != IncomingState.None)
                {
                    yield return id;
                }
            }
        }
    }

    private void Set(ushort id, IncomingState state)
    {
        var before = this[id];
        if (before == state)
        {
            return;
        }

        var place = id / IdsPerPage;
        var page = _pages[place];
        if (page is null)
        {
            // Clients number their messages one after the other, so a page that ran empty soon serves again.
            page = _pages[place] = _spare ?? new ulong[WordsPerPage];
            _spare = null;
        }

        var shift = 2 * (id % IdsPerWord);
        ref var word = ref page[id % IdsPerPage / IdsPerWord];
        word = (word & ~(3UL << shift)) | ((ulong)state << shift);
        var change = (before == IncomingState.None ? 1 : 0) - (state == IncomingState.None ? 1 : 0);
        Count += change;
        _used[place] += change;
        if (_used[place] == 0)
        {
            _spare = page;
            _pages[place] = null;
        }
    }
}

/// <summary>How far a QoS 2 message of a client has come.</summary>
internal enum IncomingState
{
    /// <summary>Not known, or released.</summary>
    None = 0,

    /// <summary>Routed; its storing is under way.</summary>
    Pending = 1,

    /// <summary>Stored; PUBREC has left or is about to.</summary>
    Stored = 2,

    /// <summary>
    /// Found in the session log at start: the sessions have it, and whether the host has is not known.
    /// </summary>
    Restored = 3,
}
