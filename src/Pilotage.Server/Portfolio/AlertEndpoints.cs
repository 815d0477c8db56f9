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
    private const int CauseCharsMax = 200;

    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("alerts", (string? device, int? limit, string? cursor, Principal who, Alerts alerts) => Page(alerts.All(who.Tenant), device, limit, cursor).ToHttp())
            .Produces<ItemList<Alert>>()
            .RequirePermission("portfolio.alert.read", Scope.Tenant);
        api.MapGet("alerts/{id}", (string id, Principal who, Alerts alerts) => alerts.Find(who.Tenant, id).ToHttp())
            .RequirePermission("portfolio.alert.read", Scope.Tenant);
        api.MapGet("alerts/{id}/verdicts", (string id, int? limit, Principal who, Alerts alerts) => alerts.Find(who.Tenant, id).Then(_ =>
                QueryBounds.Limit(limit, PageMax, PageMax).Then(most => (Outcome<ItemList<Verdict>>)new ItemList<Verdict>(alerts.Verdicts(who.Tenant, id, most)))).ToHttp())
            .Produces<ItemList<Verdict>>()
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
        [FromServices] IPeople people,
        ServerOptions options,
        TimeProvider time,
        CancellationToken cancellation)
    {
        if (FaultOf(body, options) is { } fault)
        {
            return fault.ToHttp();
        }

        if (!alerts.Find(who.Tenant, id).TryGet(out var alert, out var refusal) || !NameOf(body.Person, who, people).TryGet(out var person, out refusal))
        {
            return refusal.ToHttp();
        }

        var now = time.NowNs();
        var verdict = alerts.Judge(who.Tenant, id, body.Answer, body.Cause, body.Note, person, now);
        lineage.Append(who.Tenant, [new(new(NodeKind.Alert, id), "judged", new(NodeKind.Verdict, $"{id}/{now}"), now, new Dictionary<string, string> { ["answer"] = body.Answer })]);
        // Told as an event, so that the next dataset finds its labels without knowing this module.
        await events.RecordAsync(Told(who.Tenant, alert, verdict), cancellation);
        return TypedResults.Ok(alert with { Verdict = verdict, Previous = alert.Verdict });
    }

    private static Refusal? FaultOf(VerdictBody body, ServerOptions options) => body.Answer is "right" or "wrong" or "unsure"
        ? TextBounds.TooLong("cause", body.Cause, CauseCharsMax) ?? TextBounds.TooLong("note", body.Note, options.NoteCharsMax)
        : new Refusal("alert.verdict_malformed", $"A verdict is right, wrong or unsure, not '{body.Answer}'.") { Details = [new("/answer", "must be right, wrong or unsure")] };

    /// <summary>Who looked: somebody known here, or else whoever asks.</summary>
    private static Outcome<string> NameOf(string? person, Principal who, IPeople people) =>
        person is null ? who.DisplayName : people.Resolve(who.Tenant, person).Then(found => (Outcome<string>)found.DisplayName);

    private static DomainEvent Told(TenantId tenant, Alert alert, Verdict verdict)
    {
        var data = new JsonObject { ["alert"] = alert.Id, ["answer"] = verdict.Answer, ["cause"] = verdict.Cause, ["person"] = verdict.Person };
        return new(
            0, tenant, new DeviceId(alert.Device), "portfolio", $"verdict/{alert.Id}/{verdict.AtNs}", "verdict", alert.TimeNs, verdict.AtNs,
            JsonSerializer.SerializeToElement(data));
    }

    private static Outcome<ItemList<Alert>> Page(IReadOnlyList<Alert> all, string? device, int? limit, string? cursor)
    {
        if (!QueryBounds.Limit(limit, PageMax, PageMax).TryGet(out var take, out var refusal))
        {
            return refusal;
        }

        if (!int.TryParse(cursor ?? "0", NumberStyles.None, CultureInfo.InvariantCulture, out var skip))
        {
            return QueryBounds.BadCursor(cursor);
        }

        var wanted = all.Where(alert => device is null || alert.Device == device).OrderByDescending(alert => alert.TimeNs).ThenBy(alert => alert.Id, StringComparer.Ordinal).ToList();
        return new ItemList<Alert>([.. wanted.Skip(skip).Take(take)], wanted.Count - skip > take ? (skip + take).ToString(CultureInfo.InvariantCulture) : null);
    }

    internal sealed record VerdictBody(string Answer, string? Cause, string? Note, string? Person);
}
