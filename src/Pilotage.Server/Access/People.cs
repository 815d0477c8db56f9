using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Trust;

namespace Pilotage.Server.Access;

/// <summary>People and their votes in the catalogue.</summary>
internal sealed partial class People(ICatalogue catalogue, IAudit audit, IServerKeys keys, TimeProvider time) : IPeople
{
    private const int NameCharsMax = 200;
    private const int RolesMax = 32;
    private const int NamedMax = 20;
    private const string ApprovalType = "application/vnd.pilotage.approval+json";

    public Outcome<Person> Put(Principal who, string personId, string displayName, IReadOnlyList<string> roles, bool onlyNew = false)
    {
        if (FaultsOf(personId, displayName, roles) is { Count: > 0 } faults)
        {
            var says = string.Join("; ", faults.Select(fault => $"{fault.Where.TrimStart('/')} {fault.Message}"));
            return new Refusal("access.person.malformed", says + ".") { Details = faults };
        }

        var written = catalogue.Write((c, _) => c.Execute(
            $"""
            INSERT INTO access_people (tenant, person, display_name, roles) VALUES ($tenant, $person, $name, $roles)
            ON CONFLICT (tenant, person) {(onlyNew ? "DO NOTHING" : "DO UPDATE SET display_name = excluded.display_name, roles = excluded.roles")}
            """,
            ("$tenant", who.Tenant.Value), ("$person", personId), ("$name", displayName), ("$roles", JsonSerializer.Serialize(roles, Json.Web))));
        if (written == 0)
        {
            audit.Record(who, "access.person.put", personId, "refused", "is there already");
            return Taken(personId, Find(who.Tenant, personId));
        }

        audit.Record(who, "access.person.put", personId, "done", string.Join(',', roles));
        return new Person(personId, displayName, roles);
    }

    public Outcome<Person> Remove(Principal who, string personId)
    {
        if (Find(who.Tenant, personId) is not { } person)
        {
            return NotFound(who.Tenant, personId);
        }

        catalogue.Write((c, _) => c.Execute(
            "DELETE FROM access_people WHERE tenant = $tenant AND person = $person", ("$tenant", who.Tenant.Value), ("$person", personId)));
        audit.Record(who, "access.person.delete", personId, "done", person.DisplayName);
        return person;
    }

    public Outcome<Person> Resolve(TenantId tenant, string idOrDisplayName)
    {
        if (Find(tenant, idOrDisplayName) is { } exact)
        {
            return exact;
        }

        var named = All(tenant).Where(person => person.DisplayName == idOrDisplayName).ToList();
        return named.Count switch
        {
            1 => named[0],
            0 => NotFound(tenant, idOrDisplayName),
            _ => new Refusal(
                "access.person.ambiguous",
                $"{named.Count} people are called {idOrDisplayName}; give one of the ids {string.Join(", ", named.Take(NamedMax).Select(person => person.Id))}."),
        };
    }

    public IReadOnlyList<Person> All(TenantId tenant) => catalogue.Read(c => c.Query(
        "SELECT person, display_name, roles FROM access_people WHERE tenant = $tenant ORDER BY person",
        ToPerson,
        ("$tenant", tenant.Value)));

    public Outcome<Approval> Approve(Principal who, ApprovalRequest request)
    {
        if (Find(who.Tenant, request.PersonId) is not { } person)
        {
            return NotFound(who.Tenant, request.PersonId);
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

    private Person? Find(TenantId tenant, string id) => catalogue.Read(c => c.QueryFirst(
        "SELECT person, display_name, roles FROM access_people WHERE tenant = $tenant AND person = $person",
        ToPerson,
        ("$tenant", tenant.Value), ("$person", id)));

    private Refusal NotFound(TenantId tenant, string asked)
    {
        var all = All(tenant);
        var named = string.Join(", ", all.Take(NamedMax).Select(person => $"{person.Id} ({string.Join(", ", person.Roles)})"));
        var known = all.Count == 0 ? "nobody is known yet" : $"known are {named}{(all.Count > NamedMax ? " and more" : "")}";
        return new Refusal(
            "access.person.not_found", $"There is no person \"{asked}\" in {tenant}; {known}. One is added with: pilotage person create ID --name NAME --role ROLE");
    }

    private static Refusal Taken(string id, Person? there) => new(
        "access.person.precondition",
        $"There is a person {id} already{(there is null ? "" : $", {there.DisplayName} {(there.Roles.Count == 0 ? "without a role" : $"with the roles {string.Join(", ", there.Roles)}")}")}. "
        + $"Name and roles are replaced, without If-None-Match, by: pilotage person create {id} --name NAME --role ROLE --replace");

    private static List<RefusalDetail> FaultsOf(string id, string displayName, IReadOnlyList<string> roles)
    {
        var faults = new List<RefusalDetail>();
        if (!Id().IsMatch(id))
        {
            faults.Add(new("id", $"\"{id}\" is no id of a person: lower-case letters, digits, - _ and ., at most 63"));
        }

        if (string.IsNullOrWhiteSpace(displayName) || displayName.Length > NameCharsMax)
        {
            faults.Add(new("/displayName", $"must have 1 to {NameCharsMax} characters"));
        }

        if (roles.Count > RolesMax)
        {
            faults.Add(new("/roles", $"are {roles.Count}; at most {RolesMax} are held by one person"));
        }

        // Roles of use cases come with packages, which may be taken in later: whether a gate asks for one is seen when it is voted in.
        faults.AddRange(roles.Take(RolesMax).Select((role, i) => (role, i)).Where(one => !Role().IsMatch(one.role)).Select(one => new RefusalDetail(
            $"/roles/{one.i}", $"\"{one.role}\" is no name of a role: lower-case letters, digits and _, a letter first, at most 63")));
        return faults;
    }

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

    [GeneratedRegex(@"^[a-z0-9][a-z0-9._-]{0,62}\z")]
    private static partial Regex Id();

    [GeneratedRegex(@"^[a-z][a-z0-9_]{0,62}\z")]
    private static partial Regex Role();
}
