using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Pilotage.Broker.Loops;

namespace Pilotage.Broker;

/// <summary>
/// File descriptors of the process. Connections must not take the last ones: a log that cannot open its next file has
/// failed, and with it everything that waits for an acknowledgement.
/// </summary>
public static partial class Descriptors
{
    private const int LimitOfFiles = 7;

    // A log, the store and the catalogue together open a few dozen files at once; the rest is for HTTP.
    private const int KeptMax = 256;
    private const int KeptShare = 4;

    /// <summary>How many the process may have, as of its start.</summary>
    public static int Most { get; } = ReadLimit();

    /// <summary>How many of them MQTT connections leave alone: 256, or a quarter where there are few.</summary>
    public static int Kept { get; } = Math.Min(KeptMax, Most / KeptShare);

    /// <summary>
    /// Whether only those are left that MQTT connections leave alone. The lowest free number is taken first, so it tells.
    /// </summary>
    internal static bool AreShort => LowestFree() is not (>= 0 and var lowest) || IsShort(lowest);

    /// <summary>Whether somebody who was given this number has taken one of those.</summary>
    internal static bool IsShort(int descriptor) => descriptor >= Most - Kept;

    /// <summary>
    /// For listeners of the host's own that share the process, HTTP say: closes new connections when half of what MQTT leaves
    /// alone is taken too, and counts them.
    /// </summary>
    /// <param name="next">What serves the connection.</param>
    /// <param name="listener">The label in the metric.</param>
    public static ConnectionDelegate Keep(ConnectionDelegate next, string listener) => Keep(next, listener, Kept / 2);

    /// <summary>The same for listeners that carry MQTT over pipes.</summary>
    internal static ConnectionDelegate KeepAll(ConnectionDelegate next, string listener) => Keep(next, listener, Kept);

    private static ConnectionDelegate Keep(ConnectionDelegate next, string listener, int kept) => connection =>
    {
        if (LowestFree() is >= 0 and var lowest && lowest < Most - kept)
        {
            return next(connection);
        }

        BrokerMetrics.DescriptorsShort(listener);
        connection.Abort();
        return Task.CompletedTask;
    };

    /// <summary>Negative when there is none.</summary>
    private static int LowestFree()
    {
        var probe = SocketCalls.TryNewEvent();
        if (probe >= 0)
        {
            _ = SocketCalls.Close(probe);
        }

        return probe;
    }

    /// <summary>The runtime has raised the soft limit to the hard one before any code of ours ran.</summary>
    private static int ReadLimit()
    {
        Span<ulong> limits = stackalloc ulong[2];
        return GetLimit(LimitOfFiles, limits) == 0 ? (int)Math.Min(limits[0], int.MaxValue) : int.MaxValue;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetLimit(int resource, Span<ulong> limits);
}
