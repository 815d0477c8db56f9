using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Pilotage.Core.Contracts;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Trust;
using static Pilotage.Server.Fleet.DeviceStore;

namespace Pilotage.Server.Fleet;

/// <summary>All devices in memory, because every message asks for one; each change goes to the catalogue first.</summary>
internal sealed partial class Fleet : IFleet, IEnrolments, IDeviceStanding
{
    private const int DevicesMax = 200_000;
    private const int BulkMax = 10_000;
    private const int NamedMax = 10;
    private static readonly TimeSpan CodeLifetime = TimeSpan.FromDays(7);
    private readonly ConcurrentDictionary<(TenantId, DeviceId), StoredDevice> _byId = new();
    private readonly ConcurrentDictionary<(TenantId, string), StoredDevice> _byPath = new();
    private long _version;
    private volatile Sorted? _inOrder;
    private readonly HashSet<(TenantId, DeviceId)> _deleted;
    private readonly Lock _changing = new();
    private readonly DeviceStore _store;
    private readonly IServerKeys _keys;
    private readonly Presences _presences;
    private readonly TimeProvider _time;

    public Fleet(DeviceStore store, IServerKeys keys, Presences presences, TimeProvider time)
    {
        _store = store;
        _keys = keys;
        _presences = presences;
        _time = time;
        _deleted = [.. store.Deleted()];
        foreach (var stored in store.All())
        {
            Remember(stored);
        }
    }

    public long Version => Interlocked.Read(ref _version);

    public Device? Find(TenantId tenant, DeviceId id) => _byId.GetValueOrDefault((tenant, id))?.Device;

    public Device? FindByPath(TenantId tenant, string path) => _byPath.GetValueOrDefault((tenant, path))?.Device;

    public Outcome<Device> Resolve(TenantId tenant, string idOrPathOrName)
    {
        if ((Find(tenant, new DeviceId(idOrPathOrName)) ?? FindByPath(tenant, idOrPathOrName)) is { } exact)
        {
            return exact;
        }

        var named = _byId.Values.Where(d => d.Device.Tenant == tenant && d.Device.Name == idOrPathOrName).Take(2).ToList();
        return named.Count switch
        {
            1 => named[0].Device,
            0 => NotFound(tenant, idOrPathOrName),
            _ => new Refusal("fleet.device.ambiguous", $"Several devices are called {idOrPathOrName}; give the id or the whole path."),
        };
    }

    public IReadOnlyList<Device> List(TenantId tenant, DeviceQuery query)
    {
        var pattern = query.PathPattern is null ? null : new PathPattern(query.PathPattern);
        return
        [
            .. InOrder().Where(d => d.Tenant == tenant
                && (query.Thing is null || d.Thing == query.Thing)
                && (query.Edge is null || d.Edge == query.Edge)
                && (query.Status is null || d.Status == query.Status)
                && (pattern is null || pattern.Matches(d.Path))),
        ];
    }

    /// <summary>All devices in order of their paths, sorted once for each change of the fleet.</summary>
    private Device[] InOrder()
    {
        // Read before the devices: what changes meanwhile makes the list an old one.
        var version = Version;
        if (_inOrder is not { } known || known.Version != version)
        {
            _inOrder = known = new(version, [.. _byId.Values.Select(d => d.Device).OrderBy(d => d.Path, StringComparer.Ordinal)]);
        }

        return known.Devices;
    }

    public Outcome<IReadOnlyList<Enrolment>> Declare(TenantId tenant, IReadOnlyList<DeviceDeclaration> devices)
    {
        lock (_changing)
        {
            if (CheckDeclarations(tenant, devices) is { } refusal)
            {
                return refusal;
            }

            var now = _time.NowNs();
            return PutWithCodes([.. devices.Select(d => Declared(tenant, d, now))], now);
        }
    }

    public Outcome<Device> Attach(TenantId tenant, DeviceId device, DeviceId? edge)
    {
        if (edge is { } one && Find(tenant, one) is not { Thing: Things.Edge })
        {
            return new Refusal("fleet.edge.not_found", $"There is no edge {one} in {tenant}.");
        }

        return Change(tenant, device, stored => stored with { Device = stored.Device with { Edge = edge } });
    }

    public Outcome<Device> Revoke(TenantId tenant, DeviceId device)
    {
        lock (_changing)
        {
            if (!_byId.TryGetValue((tenant, device), out var stored))
            {
                return NotFound(tenant, device.Value);
            }

            var revoked = new StoredDevice(stored.Device with { Status = DeviceStatus.Revoked }, null);
            _store.PutWithoutCodes(revoked);
            Remember(revoked);
            return revoked.Device;
        }
    }

    public Outcome<Enrolment> Restore(TenantId tenant, DeviceId device)
    {
        lock (_changing)
        {
            if (!_byId.TryGetValue((tenant, device), out var stored))
            {
                return NotFound(tenant, device.Value);
            }

            // Nothing else changes yet: it is the use of the code that ends the revocation, with a certificate made from then on.
            return stored.Device.Status == DeviceStatus.Revoked
                ? PutWithCodes([stored], _time.NowNs())[0]
                : new Refusal(
                    "fleet.device.not_revoked",
                    $"The device {device} is not revoked; a new code for it is made with: "
                    + $"pilotage device enroll {device} --path {stored.Device.Path} --thing {stored.Device.Thing}{(stored.Device.Edge is { } edge ? $" --edge {edge}" : "")}");
        }
    }

    public Outcome<Device> Delete(TenantId tenant, DeviceId device)
    {
        lock (_changing)
        {
            if (!_byId.TryGetValue((tenant, device), out var stored))
            {
                return NotFound(tenant, device.Value);
            }

            if (stored.Device.Status == DeviceStatus.Enrolled)
            {
                return new Refusal(
                    "fleet.device.in_use", $"The device {device} holds a certificate; revoke it first with: pilotage device revoke {device} --yes");
            }

            if (List(tenant, new DeviceQuery { Edge = device }) is { Count: > 0 } behind)
            {
                var named = string.Join(", ", behind.Take(NamedMax).Select(one => one.Id.Value));
                return new Refusal(
                    "fleet.device.in_use",
                    $"Behind the edge {device} stand {named}{(behind.Count > NamedMax ? $" and {behind.Count - NamedMax} more" : "")}; "
                    + "delete them first, or take each away from it with: pilotage device enroll ID --path PATH --thing THING --edge ''");
            }

            var isRemembered = stored.Device.Status == DeviceStatus.Revoked;
            _store.Delete(stored.Device, isRemembered, _time.NowNs());
            if (isRemembered)
            {
                _deleted.Add((tenant, device));
            }

            _byId.TryRemove((tenant, device), out _);
            _byPath.TryRemove((tenant, stored.Device.Path), out _);
            Interlocked.Increment(ref _version);
            return stored.Device;
        }
    }

    public Presence PresenceOf(TenantId tenant, DeviceId id)
    {
        var own = _presences.Of(tenant, id);
        if (own.Connected || Find(tenant, id)?.Edge is not { } edge)
        {
            return own;
        }

        var spokesman = _presences.Of(tenant, edge);
        return own with { Connected = spokesman.Connected, ChangedNs = spokesman.ChangedNs, Why = spokesman.Connected ? null : $"its edge {edge}: {spokesman.Why}" };
    }

    public Outcome<EnrolledDevice> Enrol(string code, string requestPem, IReadOnlyList<string> hosts, string? hardware)
    {
        if (!EnrolmentCode.TryParse(code, out var parsed))
        {
            return new Refusal("fleet.code.malformed", "This is not an enrolment code; it begins with pe1. and has three parts.");
        }

        Refusal? refusal = null;
        string? pem = null;
        lock (_changing)
        {
            var enrolled = _store.Redeem(parsed!.SecretHash, _time.NowNs(), stored => Issue(stored, requestPem, hosts, hardware, out pem, out refusal));
            if (enrolled is null)
            {
                return refusal ?? new Refusal(
                    "fleet.code.forbidden", "The code is unknown, used up, expired, replaced by a newer one or taken back with a revocation; ask for a new one with: pilotage device enroll");
            }

            Remember(enrolled);
            return new EnrolledDevice(enrolled.Device, pem!);
        }
    }

    public Refusal? MayNot(DeviceCertificate identity, Digest certificate)
    {
        if (!_byId.TryGetValue((identity.Tenant, identity.Device), out var stored))
        {
            return new Refusal("access.unauthenticated", $"There is no device {identity.Device} in {identity.Tenant}.");
        }

        // Nothing is remembered of devices whose certificates come from an authority of the owner's.
        return stored switch
        {
            { Device.Status: DeviceStatus.Revoked } => new Refusal("access.forbidden", $"The device {identity.Device} was revoked."),
            { Certificate: NoCertificate } => new Refusal(
                "access.forbidden", $"The certificate of {identity.Device} was revoked before the device was deleted and declared anew."),
            { Certificate: { } accepted } when accepted != certificate.ToString() => new Refusal(
                "access.forbidden", $"The certificate of {identity.Device} was replaced by a newer one."),
            _ => null,
        };
    }

    private StoredDevice? Issue(
        StoredDevice stored, string requestPem, IReadOnlyList<string> hosts, string? hardware, out string? pem, out Refusal? refusal)
    {
        pem = null;
        var device = stored.Device;
        if (hosts.Count > 0 && device.Thing != Things.Edge)
        {
            refusal = new Refusal(
                "fleet.hosts.forbidden",
                $"The code is for the device {device.Id} at {device.Path}, whose thing is {device.Thing} and not {Things.Edge}: only an edge serves other devices and may have "
                + "host names in its certificate. Use a code that was made for an edge, or send no hosts.");
            return null;
        }

        var identity = new DeviceCertificate(device.Tenant, device.Id);
        if (!_keys.Authority.IssueDevice(requestPem, identity, null, hosts).TryGet(out var certificate, out refusal))
        {
            return null;
        }

        pem = certificate.ExportCertificatePem() + "\n";
        var fingerprint = Digest.Of(certificate.RawData).ToString();
        certificate.Dispose();
        return new StoredDevice(
            device with { Status = DeviceStatus.Enrolled, EnrolledNs = _time.NowNs(), Hardware = hardware ?? device.Hardware }, fingerprint);
    }

    private List<Enrolment> PutWithCodes(List<StoredDevice> devices, long now)
    {
        var expires = now + (CodeLifetime.Ticks * 100);
        var codes = devices.Select(d => (d.Device, Code: EnrolmentCode.Create(_keys.Authority.Fingerprint))).ToList();
        _store.Put(devices, [.. codes.Select(c => (c.Device, c.Code.SecretHash, expires))]);
        devices.ForEach(Remember);
        return codes.ConvertAll(c => new Enrolment(c.Device.Id, c.Device.Path, c.Code.Reveal(), expires));
    }

    private Outcome<Device> Change(TenantId tenant, DeviceId device, Func<StoredDevice, StoredDevice> change)
    {
        lock (_changing)
        {
            if (!_byId.TryGetValue((tenant, device), out var stored))
            {
                return NotFound(tenant, device.Value);
            }

            var changed = change(stored);
            _store.Put([changed], []);
            Remember(changed);
            return changed.Device;
        }
    }

    private Refusal? CheckDeclarations(TenantId tenant, IReadOnlyList<DeviceDeclaration> devices)
    {
        if (devices.Count == 0)
        {
            return new Refusal("fleet.declaration.malformed", "At least one device is needed; give each its path and thing.")
            {
                Details = [new("/devices", "is empty")],
            };
        }

        if (devices.Count > BulkMax)
        {
            return new Refusal("fleet.declaration.too_large", $"These are {devices.Count} devices; give at most {BulkMax} at a time.");
        }

        if (_byId.Count + devices.Count > DevicesMax)
        {
            return new Refusal(
                "fleet.declaration.too_many",
                $"This server holds {_byId.Count} devices, and {DevicesMax} is the most; {devices.Count} more do not fit.");
        }

        var faults = devices.Select((d, i) => (Fault: FaultOf(tenant, d), Index: i)).Where(f => f.Fault is not null)
            .Select(f => new RefusalDetail($"/devices/{f.Index}", f.Fault!)).ToList();
        if (devices.DistinctBy(d => d.Path).Count() != devices.Count)
        {
            faults.Add(new RefusalDetail("/devices", "a path stands twice"));
        }

        return faults.Count == 0 ? null : new Refusal("fleet.declaration.malformed", faults[0].Message) { Details = faults };
    }

    private string? FaultOf(TenantId tenant, DeviceDeclaration d)
    {
        var known = FindByPath(tenant, d.Path);
        return d switch
        {
            _ when !TopicPath.IsDevicePath(d.Path) || !d.Path.StartsWith(tenant.Value + "/", StringComparison.Ordinal) =>
                $"\"{d.Path}\" is not a path of {tenant}: write {tenant}/<site>/…/<device>",
            _ when !Name().IsMatch(d.Thing) => $"\"{d.Thing}\" is not the name of a thing type",
            { Id: { } id } when !Id().IsMatch(id.Value) => $"\"{id}\" is not a device id: lower-case letters, digits, - _ and ., at most 63",
            { Id: { } id } when known is not null && known.Id != id =>
                $"{d.Path} is the device {known.Id} already; enrol {known.Id} there, or {id} at another path",
            { Id: { } id } when known is null && Find(tenant, id) is { } other =>
                $"the device {id} exists already, at {other.Path}; enrol it there, or another id at {d.Path}",
            { Edge: { } edge } when Find(tenant, edge) is not { Thing: Things.Edge } =>
                $"there is no edge {edge}; list what there is with: pilotage device list",
            _ when known is { Status: DeviceStatus.Revoked } =>
                $"the device {known.Id} at {d.Path} was revoked; it is let in again, with a new certificate, by: pilotage device restore {known.Id}",
            _ => null,
        };
    }

    private StoredDevice Declared(TenantId tenant, DeviceDeclaration d, long now)
    {
        if (_byPath.GetValueOrDefault((tenant, d.Path)) is { } known)
        {
            return known with { Device = known.Device with { Thing = d.Thing, Edge = d.Detach ? null : d.Edge ?? known.Device.Edge, Hardware = d.Hardware ?? known.Device.Hardware } };
        }

        var id = d.Id ?? new DeviceId("dev_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));
        var device = new Device(
            tenant, id, d.Path, d.Path[(d.Path.LastIndexOf('/') + 1)..], d.Thing, d.Edge, DeviceStatus.Declared, now, null)
        {
            Hardware = d.Hardware,
        };
        return new StoredDevice(device, _deleted.Contains((tenant, id)) ? NoCertificate : null);
    }

    private void Remember(StoredDevice stored)
    {
        _byId[(stored.Device.Tenant, stored.Device.Id)] = stored;
        _byPath[(stored.Device.Tenant, stored.Device.Path)] = stored;
        Interlocked.Increment(ref _version);
    }

    private static Refusal NotFound(TenantId tenant, string device) =>
        new("fleet.device.not_found", $"There is no device {device} in {tenant}; list them with: pilotage device list");

    [GeneratedRegex("^[a-z][a-z0-9_]{0,62}$")]
    private static partial Regex Name();

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,62}$")]
    private static partial Regex Id();

    private sealed record Sorted(long Version, Device[] Devices);
}
