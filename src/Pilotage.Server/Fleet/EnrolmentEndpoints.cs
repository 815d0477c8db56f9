using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fleet;

/// <summary>Declaring devices and letting them enrol.</summary>
internal static class EnrolmentEndpoints
{
    internal sealed record DeclareBody(IReadOnlyList<DeclaredDevice> Devices);

    internal sealed record DeclaredDevice(string Path, string Thing, string? Id, string? Edge, string? Hardware);

    internal sealed record EnrolmentView(string Device, string Path, string Code, DateTimeOffset ExpiresAt);

    internal sealed record EnrolmentPage(IReadOnlyList<EnrolmentView> Items);

    internal sealed record EnrolBody(string Code, string Csr, IReadOnlyList<string>? Hosts, string? Hardware);

    internal sealed record EnrolledView(
        string Tenant, string Device, string Path, string Certificate, string Authority, IReadOnlyList<string> ReleaseKeys,
        IReadOnlyDictionary<string, string> Endpoints);

    public static IResult Declare(DeclareBody body, Principal who, IFleet fleet, IAudit audit)
    {
        var declarations = body.Devices.Select(d => new DeviceDeclaration(d.Path, d.Thing, EdgeOf(who, fleet, d.Edge), d.Hardware)
        {
            Id = d.Id is null ? null : new DeviceId(d.Id),
            Detach = d.Edge is "",
        });
        var declared = fleet.Declare(who.Tenant, [.. declarations]);
        audit.Record(who, "fleet.device.declare", $"{body.Devices.Count} devices", declared.IsOk ? "done" : "refused", body.Devices.Count > 0 ? body.Devices[0].Path : null);
        return declared.ToHttp(enrolments => TypedResults.Ok(new EnrolmentPage([.. enrolments.Select(View)])));
    }

    public static IResult Restore(string id, Principal who, IFleet fleet, IAudit audit)
    {
        var restored = fleet.Resolve(who.Tenant, id).Then(d => fleet.Restore(who.Tenant, d.Id));
        audit.Record(who, "fleet.device.restore", id, restored.IsOk ? "done" : "refused");
        return restored.ToHttp(e => TypedResults.Ok(View(e)));
    }

    public static IResult Enrol(EnrolBody body, IEnrolments enrolments, IServerKeys keys, IEnumerable<IListener> listeners, IAudit audit)
    {
        var outcome = enrolments.Enrol(body.Code, body.Csr, body.Hosts ?? [], body.Hardware);
        if (outcome.IsOk)
        {
            var device = outcome.Value.Device;
            var who = new Principal(device.Id.Value, device.Name, device.Tenant, [Roles.Device], device.Id);
            audit.Record(who, "fleet.device.enrol", device.Path, "done");
        }

        return outcome.ToHttp(e => TypedResults.Ok(new EnrolledView(
            e.Device.Tenant.Value, e.Device.Id.Value, e.Device.Path, e.CertificatePem, keys.Authority.CertificatePem, [keys.Signing.Public.ToPem()],
            listeners.SelectMany(l => l.Endpoints).ToDictionary(x => x.Name, x => x.Address, StringComparer.Ordinal))));
    }

    private static EnrolmentView View(Enrolment e) => new(e.Device.Value, e.Path, e.Code, Clock.FromNs(e.ExpiresNs));

    // An edge is named by id, path or name; one that is not found keeps its text, so that the declaration says so in its place.
    private static DeviceId? EdgeOf(Principal who, IFleet fleet, string? edge) =>
        string.IsNullOrEmpty(edge) ? null : fleet.Resolve(who.Tenant, edge) is { IsOk: true, Value: var found } ? found.Id : new DeviceId(edge);
}
