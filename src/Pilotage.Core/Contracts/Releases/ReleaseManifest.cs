using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Pilotage.Core.Contracts.Releases;

/// <summary>
/// What a release is: artifacts bound together by digest, the rules of where they may run, and where they came from. It travels as
/// the predicate of an in-toto statement inside a DSSE envelope; its id is derived from the signed bytes, so it is not a field.
/// </summary>
public sealed record ReleaseManifest
{
    /// <summary>The only format this version writes and reads.</summary>
    public const string FormatName = "pilotage.release/1";

    /// <summary>The worker contract this version offers.</summary>
    public const string RuntimeName = "pilotage.worker/1";

    /// <summary>The predicate type of the in-toto statement.</summary>
    public const string PredicateType = "https://pilotage.dev/attestations/release/v1";

    /// <summary>Most artifacts in one release.</summary>
    public const int ArtifactsMax = 256;

    /// <summary>Largest signed payload, in bytes.</summary>
    public const int PayloadBytesMax = 1024 * 1024;

    public string Format { get; init; } = FormatName;

    public required string Tenant { get; init; }

    public required string UseCase { get; init; }

    public required string Name { get; init; }

    public required string Version { get; init; }

    /// <summary>Rises with every release of a use case; an edge never installs one below its floor (anti-rollback).</summary>
    public required long Sequence { get; init; }

    /// <summary>Hardware classes it may run on, for example <c>linux-x64</c>.</summary>
    public required IReadOnlyList<string> Hardware { get; init; }

    /// <summary>The worker contract it was made for.</summary>
    public string Runtime { get; init; } = RuntimeName;

    public required IReadOnlyList<ReleaseArtifact> Artifacts { get; init; }

    /// <summary>Values for the <c>${…}</c> of the pipeline text.</summary>
    public IReadOnlyDictionary<string, double> Parameters { get; init; } = new Dictionary<string, double>();

    public required IReadOnlyList<ReleaseModel> Models { get; init; }

    /// <summary>Largest allowed difference between a golden answer and the expected one.</summary>
    public required double GoldenTolerance { get; init; }

    /// <summary>When it was made, ns since the Unix epoch UTC. Told to people, never used to decide.</summary>
    public required long CreatedNs { get; init; }

    public ReleaseOrigin Origin { get; init; } = new();

    /// <summary>The id of the release whose signed payload has this digest.</summary>
    public static ReleaseId IdOf(Digest payload) => new("rel_" + payload.Hex[..24]);

    /// <summary>The only artifact of a kind and name, or null.</summary>
    public ReleaseArtifact? Find(string kind, string name) =>
        Artifacts.FirstOrDefault(artifact => artifact.Kind == kind && artifact.Name == name);

    /// <summary>Reads JSON strictly: unknown members, duplicates, absent fields and broken rules are refusals.</summary>
    public static Outcome<ReleaseManifest> Parse(ReadOnlySpan<byte> json)
    {
        var read = StrictJson.Parse(json, PayloadBytesMax, ContractsJson.Default.ReleaseManifest, "release.malformed");
        return read.TryGet(out var manifest, out var refusal) ? ReleaseRules.Check(manifest) : refusal;
    }

    /// <summary>Writes it as JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ContractsJson.Default.ReleaseManifest);

    /// <summary>How the manifest is written inside other documents.</summary>
    public static JsonTypeInfo<ReleaseManifest> JsonType => ContractsJson.Default.ReleaseManifest;
}
