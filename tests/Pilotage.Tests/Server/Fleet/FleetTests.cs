using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pilotage.Core;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Trust;
using Xunit;

namespace Pilotage.Tests.Server.Fleet;

public sealed class FleetTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();

    private IFleet Fleet => _server.Get<IFleet>();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public void A_declared_device_enrols_once_and_is_named_by_its_certificate()
    {
        var enrolment = Declare("acme/lyon/pump-7", "pump")[0];
        Assert.Equal(DeviceStatus.Declared, Fleet.Find(Acme, enrolment.Device)!.Status);

        var enrolled = Enrol(enrolment.Code).Value;
        using var certificate = X509Certificate2.CreateFromPem(enrolled.CertificatePem);
        Assert.True(DeviceCertificate.TryRead(certificate, out var identity));
        Assert.Equal(enrolment.Device, identity!.Device);
        Assert.Equal(DeviceStatus.Enrolled, Fleet.Find(Acme, enrolment.Device)!.Status);

        Assert.Equal("fleet.code.forbidden", Enrol(enrolment.Code).Refusal.Code);
        Assert.Equal("fleet.code.malformed", Enrol("pe1.guess").Refusal.Code);
    }

    [Fact]
    public void A_newer_code_makes_the_older_one_worthless()
    {
        var lost = Declare("acme/lyon/pump-7", "pump")[0].Code;
        var neighbour = Declare("acme/lyon/pump-8", "pump")[0].Code;
        var newer = Declare("acme/lyon/pump-7", "pump")[0].Code;

        Assert.Equal("fleet.code.forbidden", Enrol(lost).Refusal.Code);
        Assert.True(Enrol(newer).IsOk);
        Assert.Equal("fleet.code.forbidden", Enrol(lost).Refusal.Code);
        Assert.True(Enrol(neighbour).IsOk);
    }

    [Fact]
    public void A_bad_request_does_not_use_the_code_up()
    {
        var code = Declare("acme/lyon/pump-7", "pump")[0].Code;
        Assert.False(_server.Get<IEnrolments>().Enrol(code, "not a request", [], null).IsOk);
        var refusal = _server.Get<IEnrolments>().Enrol(code, Request(), ["server.example"], null).Refusal;
        Assert.Equal("fleet.hosts.forbidden", refusal.Code);
        Assert.Contains(" at acme/lyon/pump-7, whose thing is pump and not edge:", refusal.Message, StringComparison.Ordinal);
        Assert.True(Enrol(code).IsOk);
    }

    [Fact]
    public void A_new_certificate_replaces_the_old_one_and_a_revoked_device_has_none()
    {
        var first = Declare("acme/lyon/pump-7", "pump")[0];
        var old = Enrol(first.Code).Value;
        var renewed = Enrol(Declare("acme/lyon/pump-7", "pump")[0].Code).Value;
        Assert.Equal(first.Device, renewed.Device.Id);
        Assert.Contains("replaced", Standing(old)!.Message, StringComparison.Ordinal);
        Assert.Null(Standing(renewed));

        Fleet.Revoke(Acme, first.Device);
        Assert.Contains("revoked", Standing(renewed)!.Message, StringComparison.Ordinal);
        Assert.False(Fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-7", "pump")]).IsOk);
    }

    [Fact]
    public void A_code_given_before_a_revocation_is_worthless_after_it()
    {
        var first = Declare("acme/lyon/pump-7", "pump")[0];
        Assert.True(Enrol(first.Code).IsOk);
        var unused = Declare("acme/lyon/pump-7", "pump")[0].Code;

        Fleet.Revoke(Acme, first.Device);

        Assert.Equal("fleet.code.forbidden", Enrol(unused).Refusal.Code);
        Assert.Equal(DeviceStatus.Revoked, Fleet.Find(Acme, first.Device)!.Status);
    }

    [Fact]
    public void A_revoked_device_comes_back_by_a_code_made_for_it_and_its_old_certificates_do_not()
    {
        var first = Declare("acme/lyon/pump-7", "pump")[0];
        var old = Enrol(first.Code).Value;
        Assert.Equal("fleet.device.not_revoked", Fleet.Restore(Acme, first.Device).Refusal.Code);
        Fleet.Revoke(Acme, first.Device);
        var refusal = Fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-7", "pump")]).Refusal;
        Assert.EndsWith($": pilotage device restore {first.Device}", refusal.Message, StringComparison.Ordinal);

        var code = Fleet.Restore(Acme, first.Device).Value.Code;
        Assert.Contains("revoked", Standing(old)!.Message, StringComparison.Ordinal);
        Assert.Equal(DeviceStatus.Revoked, Fleet.Find(Acme, first.Device)!.Status);

        var renewed = Enrol(code).Value;
        Assert.Equal(first.Device, renewed.Device.Id);
        Assert.Equal(DeviceStatus.Enrolled, Fleet.Find(Acme, first.Device)!.Status);
        Assert.Null(Standing(renewed));
        Assert.NotNull(Standing(old));
    }

    [Fact]
    public void A_new_code_leaves_a_device_behind_its_edge_until_it_is_taken_away_from_there()
    {
        var edge = Declare("acme/lyon/edge-1", Things.Edge)[0].Device;
        var press = Fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/press-4", "press", edge)]).Value[0].Device;
        Assert.EndsWith(
            $": pilotage device enroll {press} --path acme/lyon/press-4 --thing press --edge {edge}", Fleet.Restore(Acme, press).Refusal.Message, StringComparison.Ordinal);

        Fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/press-4", "press")]);
        Assert.Equal(edge, Fleet.Find(Acme, press)!.Edge);

        Fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/press-4", "press") { Detach = true }]);
        Assert.Null(Fleet.Find(Acme, press)!.Edge);
        Assert.EndsWith(" --thing press", Fleet.Restore(Acme, press).Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_is_deleted_with_its_codes_once_it_holds_no_certificate_and_speaks_for_nobody()
    {
        var edge = Declare("acme/lyon/edge-1", Things.Edge)[0].Device;
        Fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-7", "pump", edge)]);
        var pump = Fleet.FindByPath(Acme, "acme/lyon/pump-7")!.Id;
        Assert.Contains($"Behind the edge {edge} stand {pump};", Fleet.Delete(Acme, edge).Refusal.Message, StringComparison.Ordinal);

        var enrolment = Declare("acme/lyon/pump-8", "pump")[0];
        Assert.True(Fleet.Delete(Acme, enrolment.Device).IsOk);
        Assert.Null(Fleet.FindByPath(Acme, "acme/lyon/pump-8"));
        Assert.Equal("fleet.code.forbidden", Enrol(enrolment.Code).Refusal.Code);
        Assert.Equal("fleet.device.not_found", Fleet.Delete(Acme, enrolment.Device).Refusal.Code);

        var enrolled = Enrol(Declare("acme/lyon/pump-8", "pump")[0].Code).Value.Device.Id;
        var refusal = Fleet.Delete(Acme, enrolled).Refusal;
        Assert.Equal("fleet.device.in_use", refusal.Code);
        Assert.EndsWith($": pilotage device revoke {enrolled} --yes", refusal.Message, StringComparison.Ordinal);
        Fleet.Revoke(Acme, enrolled);
        Assert.True(Fleet.Delete(Acme, enrolled).IsOk);
    }

    [Fact]
    public void A_certificate_that_was_revoked_does_not_come_back_with_a_device_of_the_same_id()
    {
        var old = Enrol(Declare("pump-7")).Value;
        Fleet.Revoke(Acme, old.Device.Id);
        Assert.True(Fleet.Delete(Acme, old.Device.Id).IsOk);
        Assert.NotNull(Standing(old));

        Declare("pump-7");
        Assert.NotNull(Standing(old));

        // Nor after a restart, which knows what the catalogue knows.
        var again = new global::Pilotage.Server.Fleet.Fleet(
            _server.Get<global::Pilotage.Server.Fleet.DeviceStore>(), _server.Get<IServerKeys>(), _server.Get<global::Pilotage.Server.Fleet.Presences>(), TimeProvider.System);
        Assert.NotNull(Standing(old, again));
        Assert.True(again.Delete(Acme, old.Device.Id).IsOk);
        again.Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-7", "pump") { Id = old.Device.Id }]);
        Assert.NotNull(Standing(old, again));

        Assert.Null(Standing(Enrol(Declare("pump-7")).Value));
        Assert.NotNull(Standing(old));

        string Declare(string id) => Fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-7", "pump") { Id = new DeviceId(id) }]).Value[0].Code;
    }

    [Fact]
    public void A_device_of_another_tenant_does_not_stand()
    {
        var enrolled = Enrol(Declare("acme/lyon/pump-7", "pump")[0].Code).Value;
        using var certificate = X509Certificate2.CreateFromPem(enrolled.CertificatePem);
        var stranger = new DeviceCertificate(new TenantId("other"), enrolled.Device.Id);
        Assert.NotNull(_server.Get<IDeviceStanding>().MayNot(stranger, Digest.Of(certificate.RawData)));
        Assert.Null(Fleet.Find(new TenantId("other"), enrolled.Device.Id));
        Assert.Empty(Fleet.List(new TenantId("other"), new DeviceQuery()));
    }

    [Theory]
    [InlineData("other/lyon/pump-7", "pump")]
    [InlineData("acme", "pump")]
    [InlineData("acme/+/pump", "pump")]
    [InlineData("acme/a/b/c/d/e/f/g/pump", "pump")]
    [InlineData("acme/lyon/_tele", "pump")]
    [InlineData("acme/lyon/pump-7", "Pump; DROP TABLE")]
    public void Refuses_a_declaration_that_cannot_be(string path, string thing) =>
        Assert.Equal("fleet.declaration.malformed", Fleet.Declare(Acme, [new DeviceDeclaration(path, thing)]).Refusal.Code);

    [Fact]
    public void Keeps_ids_given_by_the_owner_and_refuses_to_give_one_twice()
    {
        Fleet.Declare(Acme, [new DeviceDeclaration("acme/a/x", "pump") { Id = new DeviceId("engine-001") }]);
        Assert.Equal("acme/a/x", Fleet.Find(Acme, new DeviceId("engine-001"))!.Path);
        Assert.False(Fleet.Declare(Acme, [new DeviceDeclaration("acme/a/y", "pump") { Id = new DeviceId("engine-001") }]).IsOk);
        Assert.False(Fleet.Declare(Acme, [new DeviceDeclaration("acme/a/x", "pump") { Id = new DeviceId("engine-002") }]).IsOk);
    }

    [Fact]
    public void Finds_by_pattern_thing_and_edge()
    {
        var edge = Declare("acme/lyon/edge-1", Things.Edge)[0].Device;
        Fleet.Declare(Acme, [.. Enumerable.Range(1, 3).Select(i => new DeviceDeclaration($"acme/lyon/line-{i}/pump-{i}", "pump", edge))]);
        Assert.Equal(3, Fleet.List(Acme, new DeviceQuery { PathPattern = "acme/lyon/*/pump-*" }).Count);
        Assert.Empty(Fleet.List(Acme, new DeviceQuery { PathPattern = "acme/*/pump-*" }));
        Assert.Equal(3, Fleet.List(Acme, new DeviceQuery { PathPattern = "acme/**/pump-*" }).Count);
        Assert.Equal(3, Fleet.List(Acme, new DeviceQuery { Edge = edge }).Count);
        Assert.Equal("acme/lyon/line-2/pump-2", Fleet.Resolve(Acme, "pump-2").Value.Path);
        Assert.Equal("acme/lyon/line-2/pump-2", Fleet.Resolve(Acme, "acme/lyon/line-2/pump-2").Value.Path);
        Assert.Equal("fleet.device.not_found", Fleet.Resolve(Acme, "pump-9").Refusal.Code);
        Assert.Equal("fleet.edge.not_found", Fleet.Attach(Acme, edge, new DeviceId("nobody")).Refusal.Code);
    }

    [Fact]
    public void Says_who_is_connected_also_through_an_edge()
    {
        var edge = Declare("acme/lyon/edge-1", Things.Edge)[0].Device;
        Fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump", edge)]);
        var pump = Fleet.FindByPath(Acme, "acme/lyon/pump-1")!.Id;
        Assert.False(Fleet.PresenceOf(Acme, pump).Connected);
        _server.Get<IPresences>().Connected(Acme, edge, "edge-1", 5);
        Assert.True(Fleet.PresenceOf(Acme, pump).Connected);
        _server.Get<IPresences>().Disconnected(Acme, edge, "edge-1", 6, "keep alive timeout");
        Assert.Contains("keep alive", Fleet.PresenceOf(Acme, pump).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_client_that_took_its_own_session_over_is_gone_when_it_goes()
    {
        var pump = Declare("acme/lyon/pump-1", "pump")[0].Device;
        var presences = _server.Get<IPresences>();
        var told = new List<bool>();
        presences.Changed += (_, _, presence) => told.Add(presence.Connected);

        presences.Connected(Acme, pump, "pump-1", 5);
        presences.Connected(Acme, pump, "pump-1:diag", 6);
        presences.Connected(Acme, pump, "pump-1", 7);
        presences.Disconnected(Acme, pump, "pump-1:diag", 8, "the client disconnected");
        Assert.Equal((true, 5), (Fleet.PresenceOf(Acme, pump).Connected, Fleet.PresenceOf(Acme, pump).ChangedNs));
        presences.Disconnected(Acme, pump, "pump-1", 9, "keep alive timeout");

        Assert.Equal(new Presence(false, null, 9, "keep alive timeout"), Fleet.PresenceOf(Acme, pump));
        Assert.Equal([true, false], told);
    }

    private IReadOnlyList<Enrolment> Declare(string path, string thing) => Fleet.Declare(Acme, [new DeviceDeclaration(path, thing)]).Value;

    private Outcome<EnrolledDevice> Enrol(string code) => _server.Get<IEnrolments>().Enrol(code, Request(), [], null);

    private Refusal? Standing(EnrolledDevice enrolled, IDeviceStanding? fleet = null)
    {
        using var certificate = X509Certificate2.CreateFromPem(enrolled.CertificatePem);
        Assert.True(DeviceCertificate.TryRead(certificate, out var identity));
        return (fleet ?? _server.Get<IDeviceStanding>()).MayNot(identity!, Digest.Of(certificate.RawData));
    }

    private static string Request()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }
}
