using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;

namespace Pilotage.Server.Fabric.Doors;

/// <summary>The few books of senders that wrote last.</summary>
internal sealed class LineBooks(IFleet fleet)
{
    // Of two senders at a time on each of two processors; a book has some 20 MB at most.
    private const int KeptMax = 4;
    private readonly Lock _gate = new();
    private readonly List<LineBook> _kept = [];

    /// <summary>A book for a body of a sender; nobody else has it until it is given back.</summary>
    public LineBook Take(Principal who)
    {
        var version = fleet.Version;
        lock (_gate)
        {
            var at = _kept.FindLastIndex(book => book.IsFor(who, version));
            if (at >= 0)
            {
                var book = _kept[at];
                _kept.RemoveAt(at);
                return book;
            }
        }

        return new LineBook(who, version);
    }

    public void Return(LineBook book)
    {
        if (book.IsFull)
        {
            return;
        }

        lock (_gate)
        {
            if (_kept.Count == KeptMax)
            {
                _kept.RemoveAt(0);
            }

            _kept.Add(book);
        }
    }
}
