using Pilotage.Core.Durability;

namespace Pilotage.Server.Hosting;

/// <summary>How a server reaches its disk; tests put one in its place that fails, forgets or fills up.</summary>
internal sealed record Disk
{
    /// <summary>Opens a folder of the data folder, creating it durably when missing.</summary>
    public Func<string, IDurableDirectory> Open { get; init; } = static path => new PosixDirectory(path);

    /// <summary>Bytes free and bytes in all where a folder lies.</summary>
    public Func<string, (long Free, long Total)> Room { get; init; } = static path =>
    {
        var drive = new DriveInfo(path);
        return (drive.AvailableFreeSpace, drive.TotalSize);
    };

    /// <summary>Whether the catalogue syncs each commit; off only to show that a harness notices.</summary>
    public bool SyncsCatalogue { get; init; } = true;
}
