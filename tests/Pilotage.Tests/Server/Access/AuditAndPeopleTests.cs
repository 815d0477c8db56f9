using Pilotage.Core;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Trust;
using Xunit;

namespace Pilotage.Tests.Server.Access;

public sealed class AuditAndPeopleTests : IAsyncLifetime
{
    private static readonly Principal Admin = new("admin", "administrator", new TenantId("acme"), [Roles.Admin], null);
    private readonly TestServerFolder _server = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public void Audit_verifies_and_shows_who_did_what()
    {
        var audit = _server.Get<IAudit>();
        audit.Record(Admin, "fleet.device.revoke", "dev_1", "done");
        audit.Record(Admin, "fleet.device.revoke", "dev_2", "refused", "no such device");
        Assert.Equal(2, audit.Verify(Admin.Tenant).Value.Count);
        Assert.Equal("dev_2", audit.Read(Admin.Tenant, null, 1)[0].Target);
        Assert.Empty(audit.Read(new TenantId("other"), null, 10));
    }

    [Theory]
    [InlineData("UPDATE access_audit SET entry = replace(entry, 'dev_1', 'dev_9') WHERE sequence = 1")]
    [InlineData("DELETE FROM access_audit WHERE sequence = 1")]
    [InlineData("UPDATE access_audit SET tenant = 'acme' WHERE tenant = 'other'")]
    public void Audit_shows_an_edit_behind_its_back(string edit)
    {
        var audit = _server.Get<IAudit>();
        for (var i = 0; i < 4; i++)
        {
            audit.Record(Admin, "fleet.device.revoke", $"dev_{i}", "done");
            audit.Record(Admin with { Tenant = new TenantId("other") }, "x.y.z", "t", "done");
        }

        _server.Get<ICatalogue>().Write((c, _) => c.Execute("DELETE FROM access_audit WHERE tenant = 'acme' AND sequence = 3"));
        _server.Get<ICatalogue>().Write((c, _) => c.Execute("DELETE FROM access_audit WHERE tenant = 'other' AND sequence < 3"));
        Assert.True(audit.Verify(Admin.Tenant).IsOk);
        Assert.Equal(1, _server.Get<ICatalogue>().Write((c, _) => c.Execute(edit)));
        Assert.Equal("trust.chain_broken", audit.Verify(Admin.Tenant).Refusal.Code);
    }

    [Theory]
    [InlineData("J Martin", "J. Martin", "maintenance", "id")]
    [InlineData("j.martin\n", "J. Martin", "maintenance", "id")]
    [InlineData("j.martin", " ", "maintenance", "/displayName")]
    [InlineData("j.martin", "J. Martin", "Chief Of Everything", "/roles/0")]
    public void A_person_that_cannot_be_is_refused_at_its_place(string id, string name, string role, string where)
    {
        var refusal = _server.Get<IPeople>().Put(Admin, id, name, [role]).Refusal;
        Assert.Equal("access.person.malformed", refusal.Code);
        Assert.Equal(where, Assert.Single(refusal.Details).Where);
        Assert.Empty(_server.Get<IPeople>().All(Admin.Tenant));
    }

    [Fact]
    public void A_person_has_a_longest_name_and_most_roles()
    {
        var people = _server.Get<IPeople>();
        var roles = Enumerable.Range(0, 33).Select(i => $"role_{i}").ToList();
        Assert.Equal(["/displayName", "/roles"], people.Put(Admin, "j.martin", new string('x', 201), roles).Refusal.Details.Select(detail => detail.Where));
        Assert.True(people.Put(Admin, "j.martin", new string('x', 200), roles[..32]).IsOk);
    }

    [Fact]
    public void A_person_is_found_by_id_or_by_a_name_nobody_shares_and_can_be_taken_away()
    {
        var people = _server.Get<IPeople>();
        people.Put(Admin, "j.martin", "J. Martin", ["maintenance"]);
        Assert.Equal("j.martin", people.Resolve(Admin.Tenant, "J. Martin").Value.Id);
        people.Put(Admin, "joan", "J. Martin", []);
        Assert.Equal("access.person.ambiguous", people.Resolve(Admin.Tenant, "J. Martin").Refusal.Code);
        Assert.Equal("joan", people.Resolve(Admin.Tenant, "joan").Value.Id);

        Assert.True(people.Remove(Admin, "joan").IsOk);
        Assert.Equal("access.person.not_found", people.Remove(Admin, "joan").Refusal.Code);
        Assert.Equal("access.person.not_found", people.Remove(Admin with { Tenant = new TenantId("other") }, "j.martin").Refusal.Code);
        Assert.Contains(_server.Get<IAudit>().Read(Admin.Tenant, null, 10), r => r is { Action: "access.person.delete", Target: "joan" });
    }

    [Fact]
    public void A_vote_needs_the_role_and_is_signed_and_bound()
    {
        var people = _server.Get<IPeople>();
        var bound = Digest.Of("evidence"u8);
        people.Put(Admin, "j.martin", "DEMO PERSON (maintenance)", ["maintenance"]);

        Assert.Equal("access.role_missing", people.Approve(Admin, Vote("sponsor")).Refusal.Code);
        Assert.Equal("access.person.not_found", people.Approve(Admin, Vote("sponsor") with { PersonId = "nobody" }).Refusal.Code);

        var approval = people.Approve(Admin, Vote("maintenance")).Value;
        var envelope = DsseEnvelope.Parse(System.Text.Encoding.UTF8.GetBytes(approval.Envelope)).Value;
        var signed = Dsse.Verify(
            envelope, [_server.Get<IServerKeys>().Signing.Public], 1, "application/vnd.pilotage.approval+json").Value;
        Assert.Contains(bound.ToString(), System.Text.Encoding.UTF8.GetString(signed), StringComparison.Ordinal);
        Assert.Equal("DEMO PERSON (maintenance)", Assert.Single(people.Approvals(Admin.Tenant, "gate/pump/production")).DisplayName);
        Assert.Contains(_server.Get<IAudit>().Read(Admin.Tenant, null, 10), r => r is { Action: "access.approval", Result: "refused" });

        ApprovalRequest Vote(string role) => new("gate/pump/production", role, "j.martin", true, null, bound);
    }

    [Fact]
    public async Task A_person_made_under_the_condition_of_being_new_replaces_nobody()
    {
        var pipeline = new RequestPipeline(_server);
        const string Ada = """{"displayName":"Ada Byron","roles":["sponsor"]}""";
        const string Other = """{"displayName":"Ada Other","roles":[]}""";
        Assert.Equal(200, (await pipeline.AskAsync("PUT", "/api/v1/people/ada", Ada, ifNoneMatch: "*")).Status);

        var refused = await pipeline.AskAsync("PUT", "/api/v1/people/ada", Other, ifNoneMatch: "*");
        Assert.Equal(412, refused.Status);
        Assert.StartsWith("There is a person ada already, Ada Byron with the roles sponsor.", refused.Detail(), StringComparison.Ordinal);
        Assert.EndsWith(": pilotage person create ada --name NAME --role ROLE --replace", refused.Detail(), StringComparison.Ordinal);
        Assert.Equal("Ada Byron", Assert.Single(_server.Get<IPeople>().All(Admin.Tenant)).DisplayName);

        Assert.Equal(200, (await pipeline.AskAsync("PUT", "/api/v1/people/ada", Other)).Status);
        Assert.Equal("Ada Other", Assert.Single(_server.Get<IPeople>().All(Admin.Tenant)).DisplayName);
        Assert.Equal(["done", "refused", "done"], _server.Get<IAudit>().Read(Admin.Tenant, null, 10).Where(line => line.Action == "access.person.put").Select(line => line.Result));
    }
}
