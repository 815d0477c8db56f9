using Pilotage.TimeSeries;

namespace Pilotage.Server.Hosting;

/// <summary>How much memory the process is to do with.</summary>
internal static class ProcessMemory
{
    /// <summary>The least that may be said.</summary>
    public const int LeastMiB = 256;

    private const int CacheShare = 32;
    private const long BytesPerMiB = 1024 * 1024;

    /// <summary>What the options allow, in bytes; 0 where they leave it to the machine or container.</summary>
    public static long BytesOf(ServerOptions options) => options.MemoryMiB * BytesPerMiB;

    /// <summary>What the store may keep of its files for queries, in bytes: a thirty-second of it, and no more than without a limit.</summary>
    public static long CacheBytesOf(ServerOptions options)
    {
        var unlimited = new TimeSeriesOptions().CacheBytes;
        return options.MemoryMiB > 0 ? Math.Min(BytesOf(options) / CacheShare, unlimited) : unlimited;
    }

    /// <summary>Bounds the objects of the process. What needs more fails, and with it what was being done; nothing acknowledged is lost.</summary>
    public static void Bound(ServerOptions options)
    {
        if (options.MemoryMiB > 0)
        {
            // https://learn.microsoft.com/dotnet/api/system.gc.refreshmemorylimit: of this name and type, or it is not seen.
            AppContext.SetData("GCHeapHardLimit", (ulong)BytesOf(options) / 4 * 3);
            GC.RefreshMemoryLimit();
        }
    }
}
