namespace Pilotage.Server.Fleet.Contracts;

/// <summary>The devices of a tenant: who they are, where they stand, what they are, who speaks for them.</summary>
public interface IFleet
{
    /// <summary>Another number after every change, so that what was looked up can be kept until then.</summary>
    long Version { get; }

    /// <summary>One device by permanent id, or null.</summary>
    Device? Find(TenantId tenant, DeviceId id);

    /// <summary>One device by its topic path (<c>acme/lyon/line-1/pump-7</c>), or null.</summary>
    Device? FindByPath(TenantId tenant, string path);

    /// <summary>One device by id, by path, or by its last path level where that is unique.</summary>
    Outcome<Device> Resolve(TenantId tenant, string idOrPathOrName);

    /// <summary>Devices that match all of what is given, ordered by path.</summary>
    IReadOnlyList<Device> List(TenantId tenant, DeviceQuery query);

    /// <summary>Declares devices that will enrol, each with a one-time code; a known path gets a new code.</summary>
    Outcome<IReadOnlyList<Enrolment>> Declare(TenantId tenant, IReadOnlyList<DeviceDeclaration> devices);

    /// <summary>Who speaks for a device from now on; null for itself.</summary>
    Outcome<Device> Attach(TenantId tenant, DeviceId device, DeviceId? edge);

    /// <summary>Cuts a device off: no certificate of it is accepted any more, its unused codes are worthless, and its sessions end.</summary>
    Outcome<Device> Revoke(TenantId tenant, DeviceId device);

    /// <summary>A one-time code for a revoked device. It stays cut off until the code is used, and its old certificates for good.</summary>
    Outcome<Enrolment> Restore(TenantId tenant, DeviceId device);

    /// <summary>
    /// Takes a device away; refused while it holds a certificate that was not revoked, or speaks for others. What it sent stays
    /// stored. A certificate that was revoked stays refused, also where a device of the same id is declared anew.
    /// </summary>
    Outcome<Device> Delete(TenantId tenant, DeviceId device);

    /// <summary>When a device was heard last, in memory and therefore cheap; null before the first message since the start.</summary>
    Presence PresenceOf(TenantId tenant, DeviceId id);
}

/// <summary>A device. The id is for ever; the path is a label that moves with it.</summary>
/// <param name="Thing">Name of its thing type, for example <c>engine</c>; <c>edge</c> for a device that runs Pilotage Edge.</param>
/// <param name="Edge">The edge that may publish for it, or null.</param>
public sealed record Device(
    TenantId Tenant, DeviceId Id, string Path, string Name, string Thing, DeviceId? Edge, DeviceStatus Status, long CreatedNs, long? EnrolledNs)
{
    /// <summary>Hardware class of an edge, for the compatibility rule of releases; null elsewhere.</summary>
    public string? Hardware { get; init; }
}

/// <summary>Where a device stands in its life.</summary>
public enum DeviceStatus
{
    /// <summary>Declared, has not shown up with its code yet. A device behind an edge may stay so: its edge speaks for it.</summary>
    Declared,

    /// <summary>Holds a certificate.</summary>
    Enrolled,

    /// <summary>Cut off: no connection, no certificate.</summary>
    Revoked,
}

/// <summary>What to look for; null means any.</summary>
public sealed record DeviceQuery
{
    /// <summary>A topic pattern over paths: <c>acme/lyon/*/pump-*</c>, where <c>*</c> stays within a level and <c>**</c> does not.</summary>
    public string? PathPattern { get; init; }

    public string? Thing { get; init; }

    public DeviceId? Edge { get; init; }

    public DeviceStatus? Status { get; init; }
}

/// <summary>A device to be, or one that is known and gets a new code. Hardware is given for edges.</summary>
/// <param name="Edge">The edge it stands behind; null for a new device that speaks for itself, and for a known one that keeps the edge it has.</param>
public sealed record DeviceDeclaration(string Path, string Thing, DeviceId? Edge = null, string? Hardware = null)
{
    /// <summary>The permanent id, where the owner has one already (a serial number, say); made up when null.</summary>
    public DeviceId? Id { get; init; }

    /// <summary>It stands behind no edge any more.</summary>
    public bool Detach { get; init; }
}

/// <summary>A declared device and its one-time code, shown once.</summary>
public sealed record Enrolment(DeviceId Device, string Path, string Code, long ExpiresNs);

/// <summary>What the broker and the ingest know about a device since the start.</summary>
/// <param name="Connected">Whether it, or the edge that speaks for it, has a connection.</param>
/// <param name="ChangedNs">Since when that is so; null where it never was since the start.</param>
public sealed record Presence(bool Connected, long? LastReportNs, long? ChangedNs, string? Why);
