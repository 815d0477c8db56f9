using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Portfolio;

/// <summary>Alerts out of the recorded events, and the verdicts on them.</summary>
internal sealed class Alerts(IDomainEvents events, ICatalogue catalogue)
{
    public IReadOnlyList<Alert> All(TenantId tenant)
    {
        var verdicts = LatestVerdicts(tenant);
        var cleared = events.Read(tenant, "alert-cleared").Select(cleared => Text(cleared.Data, "id")).ToHashSet(StringComparer.Ordinal);
        return [.. events.Read(tenant, "alert").Select(raised => ToAlert(raised, verdicts, cleared))];
    }

    /// <summary>Those that use cases are judged by: what somebody's pipeline on the server raises must not make one look better or worse.</summary>
    public IEnumerable<Alert> OfReleases(TenantId tenant) => All(tenant).Where(alert => alert.Pipeline is null);

    public Outcome<Alert> Find(TenantId tenant, string id) => All(tenant).FirstOrDefault(alert => alert.Id == id) is { } found
        ? found
        : new Refusal("alert.not_found", $"There is no alert '{id}'.");

    /// <summary>Adds a verdict; an earlier one stays in the record and no longer counts.</summary>
    public Verdict Judge(TenantId tenant, string alert, string answer, string? cause, string? note, string person, long nowNs)
    {
        catalogue.Write((connection, _) => connection.Execute(
            """
            INSERT INTO portfolio_verdicts (tenant, alert, sequence, answer, cause, note, person, at_ns)
            SELECT $tenant, $alert, COUNT(*), $answer, $cause, $note, $person, $now FROM portfolio_verdicts WHERE tenant = $tenant AND alert = $alert
            """,
            ("$tenant", tenant.Value), ("$alert", alert), ("$answer", answer), ("$cause", cause), ("$note", note), ("$person", person), ("$now", nowNs)));
        return new(alert, answer, cause, note, person, nowNs);
    }

    /// <summary>Every verdict on an alert, newest first.</summary>
    public IReadOnlyList<Verdict> Verdicts(TenantId tenant, string alert, int limit) => catalogue.Read(connection => connection.Query(
        """
        SELECT alert, answer, cause, note, person, at_ns FROM portfolio_verdicts
        WHERE tenant = $tenant AND alert = $alert ORDER BY sequence DESC LIMIT $limit
        """,
        ToVerdict,
        ("$tenant", tenant.Value), ("$alert", alert), ("$limit", limit)));

    private Dictionary<string, (Verdict Latest, Verdict? Previous)> LatestVerdicts(TenantId tenant)
    {
        var all = catalogue.Read(connection => connection.Query(
            "SELECT alert, answer, cause, note, person, at_ns FROM portfolio_verdicts WHERE tenant = $tenant ORDER BY alert, sequence",
            ToVerdict,
            ("$tenant", tenant.Value)));
        var latest = new Dictionary<string, (Verdict Latest, Verdict? Previous)>(StringComparer.Ordinal);
        foreach (var verdict in all)
        {
            latest[verdict.Alert] = (verdict, latest.TryGetValue(verdict.Alert, out var before) ? before.Latest : null);
        }

        return latest;
    }

    private static Alert ToAlert(DomainEvent raised, Dictionary<string, (Verdict Latest, Verdict? Previous)> verdicts, HashSet<string?> cleared)
    {
        var id = Text(raised.Data, "id") ?? raised.Id;
        var (latest, previous) = verdicts.GetValueOrDefault(id);
        return new(
            id,
            raised.Device.Value,
            Clock.Rfc3339(raised.TimeNs),
            Text(raised.Data, "kind") ?? "",
            raised.Data.TryGetProperty("score", out var score) && score.ValueKind == JsonValueKind.Number ? score.GetDouble() : null,
            Text(raised.Data, "release"),
            Text(raised.Data, "rollout"),
            cleared.Contains(id) ? "cleared" : "raised",
            latest,
            raised.TimeNs)
        {
            Previous = previous,
            Pipeline = Text(raised.Data, "pipeline"),
        };
    }

    private static Verdict ToVerdict(SqliteDataReader row) =>
        new(row.GetString(0), row.GetString(1), row.TextOrNull(2), row.TextOrNull(3), row.GetString(4), row.GetInt64(5));

    private static string? Text(JsonElement data, string name) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
