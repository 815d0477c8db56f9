using Pilotage.Core.Durability;

namespace Pilotage.Testing;

/// <summary>An open file of the simulated disk; dead after a power cut, as its process would be.</summary>
internal sealed class SimulatedFile(SimulatedDisk disk, SimulatedInode inode) : IDurableFile
{
    private readonly int _life = disk.Life;
    private bool _isClosed;

    public long Length
    {
        get
        {
            lock (disk.Gate)
            {
                ThrowIfDead();
                return inode.Length;
            }
        }
    }

    public int Read(long offset, Span<byte> into)
    {
        lock (disk.Gate)
        {
            ThrowIfDead();
            return inode.Read(offset, into);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        lock (disk.Gate)
        {
            ThrowIfDead();
            var fault = disk.FaultOf(DiskOperation.Write);
            var room = disk.CapacityBytes == long.MaxValue
                ? long.MaxValue
                : disk.CapacityBytes - disk.UsedBytes + Math.Max(inode.Length - offset, 0);
            if (fault is null && bytes.Length > room)
            {
                inode.Write(offset, bytes[..(int)Math.Max(room, 0)]);
                throw new StorageException(StorageFault.Full, "the simulated disk is full");
            }

            if (fault is { } injected)
            {
                inode.Write(offset, bytes[..disk.TornAt(bytes.Length)]);
                throw new StorageException(injected, "injected at a write");
            }

            inode.Write(offset, bytes);
        }
    }

    public void Truncate(long length)
    {
        lock (disk.Gate)
        {
            ThrowIfDead();
            inode.Truncate(length);
        }
    }

    public void Sync()
    {
        lock (disk.Gate)
        {
            ThrowIfDead();
            if (disk.FaultOf(DiskOperation.Sync) is { } fault)
            {
                inode.LoseUnsynced();
                throw new StorageException(fault, "injected at a sync");
            }

            if (!disk.IgnoresSync)
            {
                inode.Sync();
            }
        }
    }

    public void Dispose() => _isClosed = true;

    private void ThrowIfDead()
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (_life != disk.Life)
        {
            throw new StorageException(StorageFault.Io, "the power was cut");
        }
    }
}
