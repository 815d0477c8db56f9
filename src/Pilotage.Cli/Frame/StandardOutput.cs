using System.Runtime.InteropServices;

namespace Pilotage.Cli.Frame;

/// <summary>Whether anybody still reads what we write: .NET drops writes to a pipe without a reader and says nothing.</summary>
internal static partial class StandardOutput
{
    private const int Descriptor = 1;
    private const short Error = 0x8;

    /// <summary>False once standard output is a pipe whose reader has gone.</summary>
    public static bool HasReader()
    {
        // Asked for no events at all, poll(2) still reports POLLERR on a pipe without a reader.
        var asked = new PollEntry { Descriptor = Descriptor };
        return Poll(ref asked, 1, 0) <= 0 || (asked.Returned & Error) == 0;
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Poll(ref PollEntry entries, nuint count, int timeoutMs);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Asked;
        public short Returned;
    }
}
