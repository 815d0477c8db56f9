using System.Text.Json;

namespace Pilotage.Core.Contracts.Releases;

/// <summary>
/// What a running worker says of itself, signed by the edge's key: the only thing that counts as evidence. Published on
/// <c>&lt;edge path&gt;/_twin/reported/&lt;release&gt;</c> on every change and as a regular sign of life.
/// </summary>
public sealed record AttestedState
{
    /// <summary>The DSSE payload type.</summary>
    public const string PayloadType = "application/vnd.pilotage.attested+json";

    /// <summary>Largest payload, in bytes.</summary>
    public const int BytesMax = 1024 * 1024;

    public required string Edge { get; init; }

    /// <summary>New at each start of the supervisor.</summary>
    public required string BootId { get; init; }

    /// <summary>Rises by one per report of a boot, so a repeated or late report is recognised.</summary>
    public required long Report { get; init; }

    /// <summary>Hardware class, for example <c>linux-x64</c>; the server compares golden answers by it.</summary>
    public required string Hardware { get; init; }

    /// <summary>Null when no process of this release runs (staged, reverted, refused).</summary>
    public AttestedWorker? Worker { get; init; }

    public required string Release { get; init; }

    /// <summary>Digest of the signed payload the worker has loaded.</summary>
    public required string ManifestDigest { get; init; }

    /// <summary>The challenge of the offer this answers.</summary>
    public required string Challenge { get; init; }

    public required IReadOnlyList<AttestedDevice> Devices { get; init; }

    public AttestedGolden? Golden { get; init; }

    public double? P50Ms { get; init; }

    public double? P99Ms { get; init; }

    /// <summary>Inferences behind <see cref="P99Ms"/>; zero evidence passes nothing.</summary>
    public long Inferences { get; init; }

    /// <summary>Starts of this release's worker since it was staged, to show a crash loop.</summary>
    public int Starts { get; init; }

    /// <summary>The edge's clock; told to people, never used to decide.</summary>
    public required long AtNs { get; init; }

    public required long DesiredVersion { get; init; }

    /// <summary>One of <see cref="AttestedPhase"/>.</summary>
    public required string State { get; init; }

    public string? Reason { get; init; }

    public static Outcome<AttestedState> Parse(ReadOnlySpan<byte> json) =>
        StrictJson.Parse(json, BytesMax, ContractsJson.Default.AttestedState, "attested.malformed");

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ContractsJson.Default.AttestedState);
}

/// <summary>The process that speaks.</summary>
public sealed record AttestedWorker
{
    public required int Pid { get; init; }

    public required long StartedNs { get; init; }
}

/// <summary>What the worker did for one device since it was given to it; counts only rise while the worker lives.</summary>
public sealed record AttestedDevice
{
    public required string Device { get; init; }

    public long? FirstInferenceNs { get; init; }

    public long Inferences { get; init; }

    /// <summary>Alerts raised, each counted once however long it stands.</summary>
    public long Alerts { get; init; }

    /// <summary>Whether an alert stands now.</summary>
    public bool Alarmed { get; init; }
}

/// <summary>The golden check of one activation, and the answers to the rows mixed by the challenge.</summary>
public sealed record AttestedGolden
{
    public required int Rows { get; init; }

    public required double MaxError { get; init; }

    public required bool Pass { get; init; }

    /// <summary>Per model, the outputs for the challenge rows, in order, null for a missing one. The server answers the same rows and compares.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<float?>> Answers { get; init; } =
        new Dictionary<string, IReadOnlyList<float?>>();
}

/// <summary>The states an edge reports for a release.</summary>
public static class AttestedPhase
{
    /// <summary>Downloaded, verified, on disk; nothing runs yet. Never counts as success.</summary>
    public const string Staged = "staged";

    /// <summary>The worker runs and answers its golden rows.</summary>
    public const string Proving = "proving";

    /// <summary>The worker has proved its golden answers and infers.</summary>
    public const string Running = "running";

    /// <summary>The release is what the edge falls back to from now on.</summary>
    public const string Confirmed = "confirmed";

    /// <summary>The worker was stopped and the last good release speaks again; <see cref="AttestedState.Reason"/> says why.</summary>
    public const string Reverted = "reverted";

    /// <summary>The release was never started: signature, hardware, rollback or digest.</summary>
    public const string Refused = "refused";
}
