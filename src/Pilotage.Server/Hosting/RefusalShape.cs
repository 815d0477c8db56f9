using Microsoft.AspNetCore.Http;

namespace Pilotage.Server.Hosting;

/// <summary>How a route says no, where its callers expect the errors of another product; metadata of such a route.</summary>
internal sealed record RefusalShape(Func<Refusal, IResult> Of);

/// <summary>Refusals before a handler is reached.</summary>
internal static class RefusalShapes
{
    /// <summary>As the route says no, or as a problem.</summary>
    public static IResult ToHttp(this Refusal refusal, Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<RefusalShape>()?.Of(refusal) ?? refusal.ToHttp();
}
