using Pilotage.Core.Durability;

namespace Pilotage.Server.Hosting.Backup;

/// <summary>State whose owner is no part of the server's composition itself.</summary>
internal sealed class BackedUp(Func<IEnumerable<FrozenFile>> freeze) : IBackedUp
{
    public IEnumerable<FrozenFile> Freeze() => freeze();

    /// <summary>Files of a folder that are written once or replaced whole: all of them, or those whose names are meant.</summary>
    public static IEnumerable<FrozenFile> FilesOf(IDurableDirectory directory, string? folder, Predicate<string>? isMeant = null) => directory.List()
        .Where(name => !name.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal) && isMeant?.Invoke(name) != false)
        .Select(name => FrozenFile.Of(directory, name, folder is null ? name : $"{folder}/{name}"))
        .OfType<FrozenFile>();
}
