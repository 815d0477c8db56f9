namespace Pilotage.Core.Durability;

/// <summary>A folder whose names survive power loss once <see cref="Sync"/> has returned.</summary>
/// <remarks>
/// Creating, renaming, linking and deleting are visible at once and durable only after <see cref="Sync"/>.
/// Every failure is a <see cref="StorageException"/>. Names are single path segments.
/// </remarks>
public interface IDurableDirectory
{
    /// <summary>Opens a file of this folder.</summary>
    IDurableFile Open(string name, DurableOpen mode);

    /// <summary>Whether a file of that name is there.</summary>
    bool Exists(string name);

    /// <summary>Renames a file, replacing the target in one step.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a name; a file that is open stays readable until it is closed.</summary>
    void Delete(string name);

    /// <summary>Gives a file a second name, which must be new.</summary>
    void HardLink(string from, string to);

    /// <summary>The names of all files here, sorted; folders are left out.</summary>
    IReadOnlyList<string> List();

    /// <summary>Makes the names durable (fsync of the folder).</summary>
    void Sync();

    /// <summary>A folder inside this one, created durably when missing.</summary>
    IDurableDirectory Sub(string name);
}

/// <summary>How a file is opened.</summary>
public enum DurableOpen
{
    /// <summary>The file must exist; it may be written.</summary>
    Existing,

    /// <summary>The file must exist; it is only read.</summary>
    ReadOnly,

    /// <summary>The file must not exist yet.</summary>
    CreateNew,

    /// <summary>The file is created when missing.</summary>
    OpenOrCreate,
}
