using Pilotage.Core;
using Pilotage.Core.Contracts.Releases;

namespace Pilotage.Tests.Core.Contracts;

/// <summary>A small valid release, for tests that break one thing in it.</summary>
internal static class SampleRelease
{
    public static ReleaseManifest Manifest(long sequence = 7) => new()
    {
        Tenant = "acme",
        UseCase = "predictive-maintenance",
        Name = "engine-rul",
        Version = "1.0.0",
        Sequence = sequence,
        Hardware = ["linux-x64", "linux-arm64"],
        Artifacts =
        [
            Artifact(ArtifactKind.Model, "rul", [1]),
            Artifact(ArtifactKind.Golden, "rul", [2]),
            Artifact(ArtifactKind.Pipeline, "pipeline.sql", [3]),
            Artifact(ArtifactKind.Thing, "engine", [4]),
        ],
        Parameters = new Dictionary<string, double> { ["alarm_rul"] = 20 },
        Models = [new ReleaseModel { Name = "rul", Version = "1", Inputs = ["s2", "s3"], Outputs = ["rul"] }],
        GoldenTolerance = 1e-4,
        CreatedNs = 1_700_000_000_000_000_000,
    };

    public static ReleaseArtifact Artifact(string kind, string name, byte[] content) =>
        new() { Kind = kind, Name = name, Digest = Digest.Of(content).ToString(), Bytes = content.Length };
}
