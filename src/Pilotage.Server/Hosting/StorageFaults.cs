using System.Net.Sockets;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Pilotage.Core.Durability;

namespace Pilotage.Server.Hosting;

/// <summary>What the disk does to us, in words: at start one line, in a request one problem.</summary>
internal sealed class StorageFaults(FaultLog log) : IExceptionHandler
{
    private const int Full = 28; // ENOSPC, as the runtime's own file calls report it.

    /// <summary>Whether a write was refused for want of space, which heals.</summary>
    public static bool IsFull(Exception failure) => failure switch
    {
        CommitLogFullException => true,
        StorageException storage => storage.Fault == StorageFault.Full,
        SqliteException sqlite => Catalogue.IsFullError(sqlite),
        IOException io => io.HResult == Full,
        _ => false,
    };

    /// <summary>Why a server cannot start, when it is the disk or the network; null for anything else, which is our bug.</summary>
    public static Refusal? AtStart(Exception failure, string folder) => failure switch
    {
        _ when IsFull(failure) => new Refusal(
            "server.data_full", $"The disk of the data folder {folder} is full ({failure.Message.TrimEnd('.')}); free some space and start again."),
        SqliteException => new Refusal(
            "server.catalogue",
            $"The catalogue {Path.Combine(folder, Catalogue.FileName)} cannot be opened: {failure.Message.TrimEnd('.')}. Check the disk, or restore a backup."),
        StorageException or UnauthorizedAccessException => new Refusal(
            "server.data_unreadable", $"The data folder {folder} cannot be opened: {failure.Message.TrimEnd('.')}. Check the disk and the owner of the files."),
        IOException or SocketException => new Refusal("server.start", failure.Message),
        _ => null,
    };

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (!IsFull(exception) && exception is not (SqliteException { SqliteErrorCode: Catalogue.IoError } or CommitLogFailedException or StorageException))
        {
            return false;
        }

        log.StorageFailed(httpContext, exception);
        var refusal = IsFull(exception)
            ? new Refusal("server.storage_full", "The disk of the server is full, so nothing was changed; reads work. Try again when there is space.")
            : new Refusal("server.storage.unavailable", "The storage of the server failed, so nothing was changed; /healthz/ready says what failed.");
        await refusal.ToHttp().ExecuteAsync(httpContext);
        return true;
    }
}
