namespace Pilotage.Core.Durability;

/// <summary>A folder that one process at a time may use; the system lets go of it when the process ends, however it ends.</summary>
public sealed class FolderLock : IDisposable
{
    // EWOULDBLOCK: what the runtime passes on when another process holds the lock.
    private const int Held = 11;
    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Takes the folder, which must exist; null while another process has it.</summary>
    /// <exception cref="IOException">The file cannot be made.</exception>
    public static FolderLock? TryTake(string folder, string fileName)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            return new(new FileStream(Path.Combine(folder, fileName), options));
        }
        catch (IOException failure) when (failure.HResult == Held)
        {
            return null;
        }
    }

    /// <summary>Lets go.</summary>
    public void Dispose() => _file.Dispose();
}
