using Pilotage.Core.Durability;

namespace Pilotage.Testing;

/// <summary>A folder of the simulated disk.</summary>
internal sealed class SimulatedDirectory(SimulatedDisk disk, string path) : IDurableDirectory
{
    private readonly List<Action<Dictionary<string, SimulatedInode>>> _unsynced = [];
    private Dictionary<string, SimulatedInode> _durable = [];

    public Dictionary<string, SimulatedInode> Entries { get; private set; } = [];

    public IDurableFile Open(string name, DurableOpen mode)
    {
        lock (disk.Gate)
        {
            var isThere = Entries.TryGetValue(name, out var inode);
            if (isThere && mode == DurableOpen.CreateNew)
            {
                throw new StorageException(StorageFault.Exists, $"{path}/{name} exists");
            }

            if (!isThere && mode is DurableOpen.Existing or DurableOpen.ReadOnly && inode is null)
            {
                throw new StorageException(StorageFault.NotFound, $"{path}/{name} is missing");
            }

            if (inode is null)
            {
                var created = inode = new SimulatedInode();
                Do(entries => entries[name] = created);
            }

            return new SimulatedFile(disk, inode);
        }
    }

    public bool Exists(string name)
    {
        lock (disk.Gate)
        {
            return Entries.ContainsKey(name);
        }
    }

    public void Rename(string from, string to)
    {
        lock (disk.Gate)
        {
            var inode = Find(from);
            Do(entries =>
            {
                entries.Remove(from);
                entries[to] = inode;
            });
        }
    }

    public void Delete(string name)
    {
        lock (disk.Gate)
        {
            Find(name);
            Do(entries => entries.Remove(name));
        }
    }

    public void HardLink(string from, string to)
    {
        lock (disk.Gate)
        {
            var inode = Find(from);
            if (Entries.ContainsKey(to))
            {
                throw new StorageException(StorageFault.Exists, $"{path}/{to} exists");
            }

            Do(entries => entries[to] = inode);
        }
    }

    public IReadOnlyList<string> List()
    {
        lock (disk.Gate)
        {
            return [.. Entries.Keys.Order(StringComparer.Ordinal)];
        }
    }

    public void Sync()
    {
        lock (disk.Gate)
        {
            if (disk.FaultOf(DiskOperation.Sync) is { } fault)
            {
                throw new StorageException(fault, $"injected at the sync of {path}");
            }

            if (!disk.IgnoresSync)
            {
                _unsynced.Clear();
                _durable = new Dictionary<string, SimulatedInode>(Entries);
            }
        }
    }

    public IDurableDirectory Sub(string name) => disk.Directory(path.Length == 0 ? name : $"{path}/{name}");

    /// <summary>Keeps the durable names and, as a journal does, un-synced changes up to a random point.</summary>
    public void Cut(Random random)
    {
        var kept = random.Next(3) == 0 ? random.Next(_unsynced.Count + 1) : 0;
        foreach (var change in _unsynced.Take(kept))
        {
            change(_durable);
        }

        _unsynced.Clear();
        Entries = new Dictionary<string, SimulatedInode>(_durable);
    }

    private SimulatedInode Find(string name) => Entries.TryGetValue(name, out var inode)
        ? inode
        : throw new StorageException(StorageFault.NotFound, $"{path}/{name} is missing");

    private void Do(Action<Dictionary<string, SimulatedInode>> change)
    {
        change(Entries);
        _unsynced.Add(change);
    }
}
