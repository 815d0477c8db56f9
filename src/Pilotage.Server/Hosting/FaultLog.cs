using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Pilotage.Server.Hosting;

/// <summary>Faults of the server in the log, each under the traceId that the caller was given.</summary>
internal sealed partial class FaultLog(ILogger<FaultLog> logger)
{
    private const long MB = 1_000_000;

    public void Failed(HttpContext context, Exception failure) => Log.Failed(logger, context.Request.Method, Shown(context), TraceOf(context), failure);

    /// <summary>What the disk did, which needs no stack.</summary>
    public void StorageFailed(HttpContext context, Exception failure) => Log.StorageFailed(logger, context.Request.Method, Shown(context), failure.Message.TrimEnd('.'), TraceOf(context));

    /// <summary>Where no memory was found a stack says who came last, not who takes it.</summary>
    public void MemoryShort(HttpContext context) => Log.MemoryShort(logger, context.Request.Method, Shown(context), GC.GetTotalMemory(forceFullCollection: false) / MB, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MB, TraceOf(context));

    /// <summary>As the framework writes it into every problem.</summary>
    private static string TraceOf(HttpContext context) => Activity.Current?.Id ?? context.TraceIdentifier;

    // Whoever sends a line break must not write a line of the log.
    private static string Shown(HttpContext context) => context.Request.Path.ToString();

    private static partial class Log
    {
        [LoggerMessage(3010, LogLevel.Error, "{Method} {Path} failed, which is a fault of the server; traceId {TraceId}.")]
        public static partial void Failed(ILogger logger, string method, string path, string traceId, Exception failure);

        [LoggerMessage(3011, LogLevel.Error, "{Method} {Path} failed because of the storage: {Why}; traceId {TraceId}.")]
        public static partial void StorageFailed(ILogger logger, string method, string path, string why, string traceId);

        [LoggerMessage(3012, LogLevel.Error, "{Method} {Path} found no memory: {Used} MB of {Limit} MB are in use; traceId {TraceId}.")]
        public static partial void MemoryShort(ILogger logger, string method, string path, long used, long limit, string traceId);
    }
}
