using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Portfolio;

/// <summary>Gates over HTTP.</summary>
internal static class GateEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("use-cases/{id}/gates/{stage}", (string id, string stage, Principal who, Gates gates) => gates.Check(who.Tenant, id, stage).ToHttp())
            .RequirePermission("portfolio.gate.read", Scope.Tenant);
        api.MapPost("use-cases/{id}/gates/{stage}/decide", (string id, string stage, VoteBody body, Principal who, Gates gates, ServerOptions options) =>
                FaultOf(body, options) is { } fault
                    ? fault.ToHttp()
                    : gates.Decide(who, id, stage, new(body.Role, body.Person, body.Vote == "approve", body.Note)).ToHttp())
            .RequirePermission("portfolio.gate.decide", Scope.Tenant);
    }

    private static Refusal? FaultOf(VoteBody body, ServerOptions options) => body.Vote is "approve" or "reject"
        ? TextBounds.TooLong("note", body.Note, options.NoteCharsMax)
        : new Refusal("gate.vote_malformed", $"A vote is approve or reject, not '{body.Vote}'.") { Details = [new("/vote", "must be approve or reject")] };

    internal sealed record VoteBody(string Role, string Person, string Vote, string? Note);
}
