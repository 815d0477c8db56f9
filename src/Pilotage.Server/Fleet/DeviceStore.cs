using Microsoft.Data.Sqlite;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fleet;

/// <summary>The SQL of the fleet.</summary>
internal sealed class DeviceStore(ICatalogue catalogue)
{
    private const string Columns = "tenant, device, path, thing, edge, hardware, status, created_ns, enrolled_ns, certificate";

    /// <summary>In place of the digest of a certificate: none that was made so far is accepted.</summary>
    public const string NoCertificate = "none";

    /// <summary>A code that is good, by its secret.</summary>
    public const string FindCode = "SELECT tenant, device FROM fleet_enrolments WHERE secret_hash = $hash AND used_ns IS NULL AND expires_ns > $now";

    /// <summary>Takes the unused codes of a device back. By itself SQLite would look at all of the tenant: its key begins with that.</summary>
    public const string WithdrawCodes = "DELETE FROM fleet_enrolments INDEXED BY fleet_enrolments_device WHERE tenant = $tenant AND device = $device AND used_ns IS NULL";

    private const string DeleteCodes = "DELETE FROM fleet_enrolments INDEXED BY fleet_enrolments_device WHERE tenant = $tenant AND device = $device";

    /// <summary>A device with the digest of the certificate that is accepted for it.</summary>
    internal sealed record StoredDevice(Device Device, string? Certificate);

    public List<StoredDevice> All() => catalogue.Read(c => c.Query($"SELECT {Columns} FROM fleet_devices", ToDevice));

    /// <summary>The ids whose certificates stay refused although their device is gone.</summary>
    public List<(TenantId, DeviceId)> Deleted() => catalogue.Read(c => c.Query(
        "SELECT tenant, device FROM fleet_deleted", r => (new TenantId(r.GetString(0)), new DeviceId(r.GetString(1)))));

    /// <summary>Takes a device and its codes away; with <paramref name="isRemembered"/> its id is kept among the deleted.</summary>
    public void Delete(Device device, bool isRemembered, long nowNs) => catalogue.Write((connection, _) =>
    {
        (string, object?)[] id = [("$tenant", device.Tenant.Value), ("$device", device.Id.Value)];
        if (isRemembered)
        {
            connection.Execute("INSERT OR IGNORE INTO fleet_deleted (tenant, device, deleted_ns) VALUES ($tenant, $device, $now)", [.. id, ("$now", nowNs)]);
        }

        connection.Execute(DeleteCodes, id);
        return connection.Execute("DELETE FROM fleet_devices WHERE tenant = $tenant AND device = $device", id);
    });

    /// <summary>Puts devices and their codes in one commit.</summary>
    public void Put(IReadOnlyList<StoredDevice> devices, IReadOnlyList<(Device Device, Digest SecretHash, long ExpiresNs)> codes) =>
        catalogue.Write((connection, _) =>
        {
            foreach (var device in devices)
            {
                Put(connection, device);
            }

            foreach (var (device, hash, expires) in codes)
            {
                // One code a device: whoever finds an older one must not be able to take the device over with it.
                Withdraw(connection, device);
                connection.Execute(
                    "INSERT INTO fleet_enrolments (tenant, secret_hash, device, expires_ns) VALUES ($tenant, $hash, $device, $expires)",
                    ("$tenant", device.Tenant.Value), ("$hash", hash.ToString()), ("$device", device.Id.Value), ("$expires", expires));
            }

            return devices.Count;
        });

    /// <summary>Puts a device and takes back its unused codes: a code found later would let a revoked device in again.</summary>
    public void PutWithoutCodes(StoredDevice device) => catalogue.Write((connection, _) =>
    {
        Put(connection, device);
        return Withdraw(connection, device.Device);
    });

    /// <summary>Uses a code up and stores the device as <paramref name="enrol"/> makes it, in one commit; null when the code is not good.</summary>
    public StoredDevice? Redeem(Digest secretHash, long nowNs, Func<StoredDevice, StoredDevice?> enrol) => catalogue.Write((connection, _) =>
    {
        var found = connection.QueryFirst(
            FindCode,
            r => new Code(r.GetString(0), r.GetString(1)),
            ("$hash", secretHash.ToString()), ("$now", nowNs));
        var device = found is null ? null : connection.QueryFirst(
            $"SELECT {Columns} FROM fleet_devices WHERE tenant = $tenant AND device = $device",
            ToDevice,
            ("$tenant", found.Tenant), ("$device", found.Device));
        if (device is null || enrol(device) is not { } enrolled)
        {
            return null;
        }

        connection.Execute(
            "UPDATE fleet_enrolments SET used_ns = $now WHERE tenant = $tenant AND secret_hash = $hash",
            ("$now", nowNs), ("$tenant", found!.Tenant), ("$hash", secretHash.ToString()));
        Put(connection, enrolled);
        return enrolled;
    });

    private static int Withdraw(SqliteConnection connection, Device device) => connection.Execute(WithdrawCodes, ("$tenant", device.Tenant.Value), ("$device", device.Id.Value));

    private static void Put(SqliteConnection connection, StoredDevice stored)
    {
        var d = stored.Device;
        connection.Execute(
            $"""
            INSERT INTO fleet_devices ({Columns})
            VALUES ($tenant, $device, $path, $thing, $edge, $hardware, $status, $created, $enrolled, $certificate)
            ON CONFLICT (tenant, device) DO UPDATE SET path = excluded.path, thing = excluded.thing, edge = excluded.edge,
                hardware = excluded.hardware, status = excluded.status, enrolled_ns = excluded.enrolled_ns, certificate = excluded.certificate
            """,
            ("$tenant", d.Tenant.Value), ("$device", d.Id.Value), ("$path", d.Path), ("$thing", d.Thing), ("$edge", d.Edge?.Value),
            ("$hardware", d.Hardware), ("$status", (int)d.Status), ("$created", d.CreatedNs), ("$enrolled", d.EnrolledNs),
            ("$certificate", stored.Certificate));
    }

    private static StoredDevice ToDevice(SqliteDataReader r)
    {
        var path = r.GetString(2);
        var edge = r.TextOrNull(4);
        var device = new Device(
            new TenantId(r.GetString(0)), new DeviceId(r.GetString(1)), path, path[(path.LastIndexOf('/') + 1)..], r.GetString(3),
            edge is null ? null : new DeviceId(edge), (DeviceStatus)r.GetInt64(6), r.GetInt64(7), r.LongOrNull(8))
        {
            Hardware = r.TextOrNull(5),
        };
        return new StoredDevice(device, r.TextOrNull(9));
    }

    private sealed record Code(string Tenant, string Device);
}
