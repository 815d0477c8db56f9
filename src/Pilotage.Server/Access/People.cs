using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Trust;

namespace Pilotage.Server.Access;

/// <summary>People and their votes in the catalogue.</summary>
internal sealed class People(ICatalogue catalogue, IAudit audit, IServerKeys keys, TimeProvider time) : IPeople
{
    private const string ApprovalType = "application/vnd.pilotage.approval+json";

    public Person Put(Principal who, string personId, string displayName, IReadOnlyList<string> roles)
    {
        catalogue.Write((c, _) => c.Execute(
            """
            INSERT INTO access_people (tenant, person, display_name, roles) VALUES ($tenant, $person, $name, $roles)
            ON CONFLICT (tenant, person) DO UPDATE SET display_name = excluded.display_name, roles = excluded.roles
            """,
            ("$tenant", who.Tenant.Value), ("$person", personId), ("$name", displayName), ("$roles", JsonSerializer.Serialize(roles, Json.Web))));
        audit.Record(who, "access.person.put", personId, "done", string.Join(',', roles));
        return new Person(personId, displayName, roles);
    }

    public IReadOnlyList<Person> All(TenantId tenant) => catalogue.Read(c => c.Query(
        "SELECT person, display_name, roles FROM access_people WHERE tenant = $tenant ORDER BY person",
        ToPerson,
        ("$tenant", tenant.Value)));

    public Outcome<Approval> Approve(Principal who, ApprovalRequest request)
    {
        var person = catalogue.Read(c => c.QueryFirst(
            "SELECT person, display_name, roles FROM access_people WHERE tenant = $tenant AND person = $person",
            ToPerson,
            ("$tenant", who.Tenant.Value), ("$person", request.PersonId)));
        if (person is null)
        {
            return new Refusal("access.person.not_found", $"There is no person \"{request.PersonId}\" in {who.Tenant}.");
        }

        if (!person.Roles.Contains(request.Role, StringComparer.Ordinal))
        {
            audit.Record(who, "access.approval", request.Subject, "refused", $"{person.Id} does not hold {request.Role}");
            return new Refusal(
                "access.role_missing",
                $"{person.DisplayName} does not hold the role {request.Role} and cannot vote in it; roles held: {string.Join(", ", person.Roles)}.");
        }

        var approval = Sign(person, request);
        catalogue.Write((connection, _) => Insert(connection, who.Tenant, approval));
        audit.Record(who, "access.approval", request.Subject, request.Approve ? "approved" : "rejected", $"{request.Role} by {person.DisplayName}");
        return approval;
    }

    public IReadOnlyList<Approval> Approvals(TenantId tenant, string subject) => catalogue.Read(c => c.Query(
        """
        SELECT id, subject, role, person, display_name, approve, note, bound, at_ns, envelope FROM access_approvals
        WHERE tenant = $tenant AND subject = $subject ORDER BY at_ns, id
        """,
        r => new Approval(
            r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetInt64(5) != 0, r.TextOrNull(6), r.GetString(7),
            r.GetInt64(8), r.GetString(9)),
        ("$tenant", tenant.Value), ("$subject", subject)));

    private Approval Sign(Person person, ApprovalRequest request)
    {
        var unsigned = new Approval(
            "", request.Subject, request.Role, person.Id, person.DisplayName, request.Approve, request.Note, request.Bound.ToString(), time.NowNs(), "");
        var payload = CanonicalJson.Of(JsonSerializer.SerializeToElement(unsigned, Json.Web));
        var envelope = Dsse.Sign(ApprovalType, payload, keys.Signing).ToJson();
        return unsigned with
        {
            Id = "apr_" + Digest.Of(payload).Hex[..24],
            Envelope = System.Text.Encoding.UTF8.GetString(envelope),
        };
    }

    private static int Insert(SqliteConnection connection, TenantId tenant, Approval a) => connection.Execute(
        """
        INSERT INTO access_approvals (tenant, id, subject, role, person, display_name, approve, note, bound, at_ns, envelope)
        VALUES ($tenant, $id, $subject, $role, $person, $name, $approve, $note, $bound, $at, $envelope)
        """,
        ("$tenant", tenant.Value), ("$id", a.Id), ("$subject", a.Subject), ("$role", a.Role), ("$person", a.PersonId), ("$name", a.DisplayName),
        ("$approve", a.Approve ? 1 : 0), ("$note", a.Note), ("$bound", a.Bound), ("$at", a.AtNs), ("$envelope", a.Envelope));

    private static Person ToPerson(SqliteDataReader row) =>
        new(row.GetString(0), row.GetString(1), JsonSerializer.Deserialize<string[]>(row.GetString(2), Json.Web) ?? []);
}
