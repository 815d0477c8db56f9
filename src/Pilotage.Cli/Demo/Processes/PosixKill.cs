using System.Runtime.InteropServices;

namespace Pilotage.Cli.Demo.Processes;

/// <summary>Asks a process to end; .NET itself can only kill.</summary>
internal static partial class PosixKill
{
    private const int Terminate = 15;

    /// <summary>SIGTERM; false when there is no such process.</summary>
    public static bool AskToEnd(int pid) => Kill(pid, Terminate) == 0;

    /// <summary>Whether a process has this id.</summary>
    public static bool Exists(int pid) => Kill(pid, 0) == 0;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int pid, int signal);
}
