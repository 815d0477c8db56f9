using Pilotage.Core.Durability;

namespace Pilotage.Server.Hosting.Backup;

/// <summary>State whose owner is no part of the server's composition itself.</summary>
internal sealed class BackedUp(Func<IEnumerable<FrozenFile>> freeze) : IBackedUp
{
    public IEnumerable<FrozenFile> Freeze() => freeze();

    /// <summary>All files of a folder, which are written once or replaced whole.</summary>
    public static IEnumerable<FrozenFile> FilesOf(IDurableDirectory directory, string? folder) => directory.List()
        .Where(name => !name.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal))
        .Select(name => FrozenFile.Of(directory, name, folder is null ? name : $"{folder}/{name}"))
        .OfType<FrozenFile>();
}
