using System.Text.Json;

namespace Pilotage.Core.Contracts.Releases;

/// <summary>
/// What an edge should run, whole, not a list of jobs: whoever reads the newest version knows everything. Retained on
/// <c>&lt;edge path&gt;/_twin/desired</c>.
/// </summary>
public sealed record DesiredState
{
    /// <summary>Largest document, in bytes.</summary>
    public const int BytesMax = 4 * 1024 * 1024;

    /// <summary>Rises with every change; an edge ignores one that is not above what it has.</summary>
    public required long Version { get; init; }

    /// <summary>The edge it is meant for; another edge ignores it.</summary>
    public required string Edge { get; init; }

    public required IReadOnlyList<DesiredRelease> Releases { get; init; }

    public required IReadOnlyList<DesiredDevice> Devices { get; init; }

    /// <summary>Every device that stands behind the edge: whom it lets in, and below which path each may publish.</summary>
    public IReadOnlyList<AttachedDevice> Attached { get; init; } = [];

    public static Outcome<DesiredState> Parse(ReadOnlySpan<byte> json) =>
        StrictJson.Parse(json, BytesMax, ContractsJson.Default.DesiredState, "desired.malformed");

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ContractsJson.Default.DesiredState);
}

/// <summary>A release some device of the edge should run, with everything needed to judge it.</summary>
public sealed record DesiredRelease
{
    public required string Id { get; init; }

    /// <summary>The DSSE envelope, JSON.</summary>
    public required JsonElement Envelope { get; init; }

    /// <summary>
    /// A fresh number per offer. The new version answers golden rows mixed by it and repeats it in what it signs: an
    /// answer kept from before, or made by another model, is worth nothing.
    /// </summary>
    public required string Challenge { get; init; }

    /// <summary>The incumbent keeps inferring until this is set: the rollout is confirmed for all devices.</summary>
    public bool Promoted { get; init; }
}

/// <summary>Which release speaks for a device.</summary>
public sealed record DesiredDevice
{
    public required string Device { get; init; }

    /// <summary>Its topic path, tenant first.</summary>
    public required string Path { get; init; }

    public required string Release { get; init; }

    /// <summary>One of <see cref="DeviceRole"/>.</summary>
    public required string Role { get; init; }

    public string? Rollout { get; init; }

    public int? Wave { get; init; }
}

/// <summary>A device behind the edge, by permanent id and present path.</summary>
public sealed record AttachedDevice(string Device, string Path);

/// <summary>The part a release plays for one device.</summary>
public static class DeviceRole
{
    /// <summary>Its alerts go to people.</summary>
    public const string Primary = "primary";

    /// <summary>It runs beside the primary, on trial: its alerts go to people, marked as the challenger's.</summary>
    public const string Challenger = "challenger";

    /// <summary>It runs beside the primary without effect: measured, its alerts go to nobody.</summary>
    public const string Shadow = "shadow";
}
