using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Portfolio;

/// <summary>Alerts and the verdicts on them over HTTP.</summary>
internal static class AlertEndpoints
{
    private const int PageMax = 1000;

    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("alerts", (string? device, int? limit, string? cursor, Principal who, Alerts alerts) => TypedResults.Ok(Page(alerts.All(who.Tenant), device, limit, cursor)))
            .RequirePermission("portfolio.alert.read", Scope.Tenant);
        api.MapGet("alerts/{id}", (string id, Principal who, Alerts alerts) => alerts.Find(who.Tenant, id).ToHttp())
            .RequirePermission("portfolio.alert.read", Scope.Tenant);
        api.MapPost("alerts/{id}/verdict", JudgeAsync).RequirePermission("portfolio.alert.judge", Scope.Tenant);
    }

    private static async Task<IResult> JudgeAsync(
        string id,
        VerdictBody body,
        Principal who,
        Alerts alerts,
        [FromServices] ILineage lineage,
        [FromServices] IDomainEvents events,
        TimeProvider time,
        CancellationToken cancellation)
    {
        if (body.Answer is not ("right" or "wrong" or "unsure"))
        {
            return new Refusal("alert.verdict_malformed", $"A verdict is right, wrong or unsure, not '{body.Answer}'.").ToHttp();
        }

        if (!alerts.Find(who.Tenant, id).TryGet(out var alert, out var refusal))
        {
            return refusal.ToHttp();
        }

        var now = time.NowNs();
        var verdict = alerts.Judge(who.Tenant, id, body.Answer, body.Cause, body.Note, body.Person ?? who.DisplayName, now);
        lineage.Append(who.Tenant, [new(new(NodeKind.Alert, id), "judged", new(NodeKind.Verdict, $"{id}/{now}"), now, new Dictionary<string, string> { ["answer"] = body.Answer })]);
        // Told as an event, so that the next dataset finds its labels without knowing this module.
        await events.RecordAsync(Told(who.Tenant, alert, verdict), cancellation);
        return TypedResults.Ok(alert with { Verdict = verdict });
    }

    private static DomainEvent Told(TenantId tenant, Alert alert, Verdict verdict)
    {
        var data = new JsonObject { ["alert"] = alert.Id, ["answer"] = verdict.Answer, ["cause"] = verdict.Cause, ["person"] = verdict.Person };
        return new(
            0, tenant, new DeviceId(alert.Device), "portfolio", $"verdict/{alert.Id}/{verdict.AtNs}", "verdict", alert.TimeNs, verdict.AtNs,
            JsonSerializer.SerializeToElement(data));
    }

    private static ItemList<Alert> Page(IReadOnlyList<Alert> all, string? device, int? limit, string? cursor)
    {
        var skip = int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : 0;
        var take = Math.Clamp(limit ?? PageMax, 1, PageMax);
        var wanted = all.Where(alert => device is null || alert.Device == device).OrderByDescending(alert => alert.TimeNs).ThenBy(alert => alert.Id, StringComparer.Ordinal).ToList();
        return new([.. wanted.Skip(skip).Take(take)], skip + take < wanted.Count ? (skip + take).ToString(CultureInfo.InvariantCulture) : null);
    }

    internal sealed record VerdictBody(string Answer, string? Cause, string? Note, string? Person);
}
