namespace Pilotage.Core.Files;

/// <summary>What stands under a name, told without opening it and without following a link.</summary>
public enum FileKind
{
    /// <summary>Bytes that end: the only kind that may be opened without knowing more.</summary>
    Regular,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link, wherever it leads.</summary>
    Link,

    /// <summary>A named pipe; opening it waits for a writer, for ever if there is none.</summary>
    Pipe,

    /// <summary>A socket.</summary>
    Socket,

    /// <summary>A block or character device; reading it may never end.</summary>
    Device,
}
