using Pilotage.Core.Durability;

namespace Pilotage.Server.Hosting.Backup;

/// <summary>State of this server on disk, which a backup has to hold. What refers to something else is asked before that.</summary>
internal interface IBackedUp
{
    /// <summary>
    /// Its files as they stand at the call, or at the latest when they are enumerated, with their paths inside of the data folder.
    /// Together they open as after a crash at that moment. Whoever gets one disposes it.
    /// </summary>
    IEnumerable<FrozenFile> Freeze();
}
