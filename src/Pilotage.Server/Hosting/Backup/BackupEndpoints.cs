using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pilotage.Server.Access.Contracts;

namespace Pilotage.Server.Hosting.Backup;

/// <summary>A backup of the whole server over HTTP, one at a time.</summary>
internal sealed class BackupEndpoints(IEnumerable<IBackedUp> owners, IAudit audit, TimeProvider time)
{
    private const string Permission = "server.backup.take";
    private static readonly Meter Meter = new("Pilotage.Server.Hosting.Backup");
    private static readonly Counter<long> Backups = Meter.CreateCounter<long>(
        "pilotage.backups", "{backup}", "Backups, by result: done, refused (another was under way), gone (whoever asked did not wait), failed (something could not be read).");

    private static readonly string Version = typeof(BackupEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
    private int _isUnderWay;

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var result in (string[])["done", "refused", "gone", "failed"])
        {
            Count(0, result);
        }

        routes.MapGroup("/api/v1").WithTags("server")
            .MapPost("backups", static (Principal who, BackupEndpoints backups, HttpContext context) => backups.TakeAsync(who, context))
            .RequirePermission(Permission, Scope.Server);
    }

    /// <summary>Sends a backup as the answer, or says that another one is under way.</summary>
    internal async Task<IResult> TakeAsync(Principal who, HttpContext context)
    {
        if (Interlocked.Exchange(ref _isUnderWay, 1) == 1)
        {
            Count(1, "refused");
            return new Refusal("server.backup.conflict", "Another backup is under way; wait for its end, or stop it where it was begun.").ToHttp();
        }

        var (result, bytes, taken) = ("failed", 0L, time.GetUtcNow());
        try
        {
            // Before the first byte: whoever has the archive has the keys of this server.
            audit.Record(who, Permission, "server", "begun");
            context.Response.ContentType = BackupForm.Media;
            context.Response.Headers.ContentDisposition = FormattableString.Invariant($"attachment; filename=pilotage-{taken:yyyyMMdd'T'HHmmss'Z'}.tar");
            bytes = await BackupWriter.WriteAsync(context.Response.Body, owners, taken, Version, context.RequestAborted);
            result = "done";
            return Results.Empty;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            result = "gone";
            return Results.Empty;
        }
        finally
        {
            Volatile.Write(ref _isUnderWay, 0);
            Count(1, result);
            audit.Record(who, Permission, "server", result, FormattableString.Invariant($"{bytes} bytes"));
        }
    }

    private static void Count(long backups, string result) => Backups.Add(backups, new KeyValuePair<string, object?>("result", result));
}
