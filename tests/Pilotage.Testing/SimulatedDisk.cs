using Pilotage.Core.Durability;

namespace Pilotage.Testing;

/// <summary>A disk in memory that keeps what was not synced apart, and at a power cut forgets a random part of it.</summary>
/// <remarks>
/// At a cut a random subset of un-synced writes survives, torn at 512-byte sectors; un-synced lengths come out anywhere
/// between; un-synced creates, renames, links and deletes survive up to a random point, in order. A failed sync leaves
/// its bytes readable but never durable, and later syncs succeed without them, as Linux does.
/// </remarks>
public sealed class SimulatedDisk
{
    /// <summary>The unit that is written whole or not at all.</summary>
    public const int SectorBytes = 512;

    private readonly Random _random;
    private readonly Dictionary<string, SimulatedDirectory> _directories = [];
    private long _faultIn = -1;
    private DiskOperation _faultAt;
    private StorageFault _fault;

    public SimulatedDisk(Random random) => _random = random;

    /// <summary>Guards the whole disk, so that a log's own thread can be cut from outside.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>Raised by each cut; handles of an earlier life are dead.</summary>
    internal int Life { get; private set; }

    /// <summary>Makes every sync a lie, for the self-check of a harness: with this set it must report loss.</summary>
    public bool IgnoresSync { get; set; }

    /// <summary>Bytes that fit; writes past it fail with <see cref="StorageFault.Full"/>.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    /// <summary>Operations so far, by which faults can be placed.</summary>
    public long Writes { get; private set; }

    /// <inheritdoc cref="Writes"/>
    public long Syncs { get; private set; }

    /// <summary>The root folder; after a cut ask again.</summary>
    public IDurableDirectory Root => Directory("");

    /// <summary>Fails the k-th operation of a kind from now on, counted from 1, once.</summary>
    public void FailAt(long k, DiskOperation operation, StorageFault fault)
    {
        _faultIn = k;
        _faultAt = operation;
        _fault = fault;
    }

    /// <summary>Cuts the power: what was not synced is partly or wholly gone, and open handles are dead.</summary>
    public void Cut()
    {
        lock (Gate)
        {
            Life++;
            _faultIn = -1;
            var survivors = new HashSet<SimulatedInode>();
            foreach (var directory in _directories.Values)
            {
                directory.Cut(_random);
                survivors.UnionWith(directory.Entries.Values);
            }

            foreach (var inode in survivors)
            {
                inode.Cut(_random);
            }
        }
    }

    /// <summary>The bytes of a file as they are on the platter, to be damaged by a test; null when there is none.</summary>
    public byte[]? Peek(string directory, string name) =>
        Directory(directory).Entries.TryGetValue(name, out var inode) ? inode.Current : null;

    /// <summary>Replaces the bytes of a file behind everybody's back: damage.</summary>
    public void Poke(string directory, string name, byte[] bytes)
    {
        lock (Gate)
        {
            Directory(directory).Entries[name].Replace(bytes);
        }
    }

    internal SimulatedDirectory Directory(string path)
    {
        lock (Gate)
        {
            if (!_directories.TryGetValue(path, out var directory))
            {
                _directories[path] = directory = new SimulatedDirectory(this, path);
            }

            return directory;
        }
    }

    /// <summary>Counts an operation and fails it when its turn has come.</summary>
    internal StorageFault? FaultOf(DiskOperation operation)
    {
        if (operation == DiskOperation.Write)
        {
            Writes++;
        }
        else
        {
            Syncs++;
        }

        if (_faultIn > 0 && _faultAt == operation && --_faultIn == 0)
        {
            return _fault;
        }

        return null;
    }

    public long UsedBytes => _directories.Values
        .SelectMany(directory => directory.Entries.Values)
        .Distinct()
        .Sum(inode => (long)inode.Length);

    /// <summary>Where a torn write ends.</summary>
    internal int TornAt(int length) => _random.Next(length);
}

/// <summary>Operations at which faults are placed.</summary>
public enum DiskOperation
{
    /// <summary>Writing to a file.</summary>
    Write,

    /// <summary>Syncing a file or folder.</summary>
    Sync,
}
