using Pilotage.Core.Durability;

namespace Pilotage.Server.Hosting.Backup;

/// <summary>The files of some owners, frozen now; whoever takes one disposes it, and what nobody took is let go of at the end.</summary>
internal sealed class FrozenFiles : IDisposable
{
    private readonly List<IEnumerable<FrozenFile>> _files = [];

    public FrozenFiles(IEnumerable<IBackedUp> owners)
    {
        try
        {
            foreach (var owner in owners)
            {
                _files.Add(owner.Freeze());
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IEnumerable<FrozenFile> Next() => _files.SelectMany(static files => files);

    public void Dispose()
    {
        // Files that are opened only when it is their turn are nobody's yet.
        foreach (var file in _files.OfType<IReadOnlyCollection<FrozenFile>>().SelectMany(static opened => opened))
        {
            file.Dispose();
        }
    }
}
