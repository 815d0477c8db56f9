using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pilotage.Broker.Loops;

/// <summary>
/// Asks the kernel for short turns of the calling thread: it then goes before a thread with long ones, such as the compiler's,
/// as soon as it wakes. Its share of the processor stays the same.
/// </summary>
/// <remarks>Linux 6.12 and later (sched_setattr(2), <c>sched_runtime</c> of SCHED_OTHER); without effect before.</remarks>
internal static partial class ShortTurns
{
    // The kernel takes none shorter.
    private const ulong TurnNs = 100_000;

    private const uint SchedOther = 0;

    // Numbers of the calls: asm/unistd_64.h and asm-generic/unistd.h.
    private static readonly (nint Set, nint Get)? Calls = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => (314, 315),
        Architecture.Arm64 => (274, 275),
        _ => null,
    };

    /// <summary>Asks; what the kernel does not grant is not needed.</summary>
    public static void Ask()
    {
        var attributes = default(Attributes);
        if (Calls is not { } calls
            || SchedGet(calls.Get, 0, ref attributes, Unsafe.SizeOf<Attributes>(), 0) < 0
            || attributes.Policy != SchedOther)
        {
            return;
        }

        attributes.RuntimeNs = TurnNs;
        _ = SchedSet(calls.Set, 0, ref attributes, 0);
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint SchedGet(nint call, int thread, ref Attributes attributes, nint bytes, nint flags);

    [LibraryImport("libc", EntryPoint = "syscall")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint SchedSet(nint call, int thread, ref Attributes attributes, nint flags);

    /// <summary><c>struct sched_attr</c>, first version (48 bytes).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Attributes
    {
        public uint Bytes;
        public uint Policy;
        public ulong Flags;
        public int Nice;
        public uint Priority;
        public ulong RuntimeNs;
        public ulong DeadlineNs;
        public ulong PeriodNs;
    }
}
