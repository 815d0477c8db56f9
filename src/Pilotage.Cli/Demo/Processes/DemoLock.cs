using System.Globalization;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo.Processes;

/// <summary>One demonstration per folder: a file is held locked, and a second one beside it names the process that holds it.</summary>
internal sealed class DemoLock : IDisposable
{
    private const string LockName = "demo.lock";
    private const string PidName = "demo.pid";
    private readonly FileStream _held;
    private readonly string _folder;

    private DemoLock(FileStream held, string folder)
    {
        _held = held;
        _folder = folder;
    }

    public static DemoLock Take(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            // Locked by the kernel, so that a killed process holds nothing.
            var held = Open(folder, FileMode.OpenOrCreate);
            File.WriteAllText(Path.Combine(folder, PidName), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new(held, folder);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new CliFailure(ExitCode.Failed, $"cannot write to {folder}", FileFault.Why(e), "run it in a folder that you may write to");
        }
        catch (IOException) when (IsHeld(folder))
        {
            var who = Holder(folder) is { } pid ? $" (process {pid})" : "";
            throw new CliFailure(
                ExitCode.Conflict,
                $"a demonstration is running in {folder} already{who}",
                "one at a time has a folder, and holds a lock there for as long as it runs",
                "pilotage demo stop, or run this one in another folder");
        }
        catch (IOException e)
        {
            throw new CliFailure(ExitCode.Failed, $"cannot write to {folder}", FileFault.Why(e), "run it in a folder that you may write to");
        }
    }

    /// <summary>The process that holds the folder, or null. A number that a dead one left behind may be anybody's by now, so the lock is asked first.</summary>
    public static int? Holder(string folder)
    {
        var path = Path.Combine(folder, PidName);
        return IsHeld(folder) && File.Exists(path) && int.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && PosixKill.Exists(pid)
            ? pid
            : null;
    }

    public void Dispose()
    {
        File.Delete(Path.Combine(_folder, PidName));
        _held.Dispose();
    }

    private static bool IsHeld(string folder)
    {
        if (!File.Exists(Path.Combine(folder, LockName)))
        {
            return false;
        }

        try
        {
            Open(folder, FileMode.Open).Dispose();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static FileStream Open(string folder, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (mode != FileMode.Open && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new(Path.Combine(folder, LockName), options);
    }
}
