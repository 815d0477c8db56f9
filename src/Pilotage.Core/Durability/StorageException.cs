namespace Pilotage.Core.Durability;

/// <summary>The disk refused or failed an operation.</summary>
public sealed class StorageException(StorageFault fault, string message) : IOException(message)
{
    /// <summary>What kind of failure it was.</summary>
    public StorageFault Fault { get; } = fault;
}

/// <summary>Kinds of storage failure that callers treat differently.</summary>
public enum StorageFault
{
    /// <summary>The device failed (EIO and everything not named below): what was written is in doubt.</summary>
    Io,

    /// <summary>No space or quota is left (ENOSPC, EDQUOT): heals when space returns.</summary>
    Full,

    /// <summary>There is no such file (ENOENT).</summary>
    NotFound,

    /// <summary>The name is taken (EEXIST).</summary>
    Exists,

    /// <summary>Not permitted, or a read-only file system (EACCES, EPERM, EROFS).</summary>
    Denied,
}
