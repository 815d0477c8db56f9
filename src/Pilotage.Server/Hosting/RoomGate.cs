using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Pilotage.Server.Hosting;

/// <summary>Work that can wait does when the disk gets full.</summary>
internal static class RoomGate
{
    /// <summary>Answers 507 while there is less room than such work should have.</summary>
    public static RouteHandlerBuilder WaitsForRoom(this RouteHandlerBuilder route) => route.AddEndpointFilter(async (context, next) =>
        context.HttpContext.RequestServices.GetRequiredService<DiskRoom>().Words() is { } words
            ? new Refusal("server.storage_full", $"Nothing was begun: {words}.").ToHttp()
            : await next(context));
}
