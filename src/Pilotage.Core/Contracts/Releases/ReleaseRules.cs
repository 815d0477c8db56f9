namespace Pilotage.Core.Contracts.Releases;

/// <summary>What must hold inside a manifest whoever signed it.</summary>
internal static class ReleaseRules
{
    private const int NameCharsMax = 200;
    private const long ArtifactBytesMax = 4L * 1024 * 1024 * 1024;

    public static Outcome<ReleaseManifest> Check(ReleaseManifest manifest)
    {
        if (manifest.Format != ReleaseManifest.FormatName)
        {
            return new Refusal("release.format", $"This release is of format '{manifest.Format}'; this version reads {ReleaseManifest.FormatName}.");
        }

        if (manifest.Runtime != ReleaseManifest.RuntimeName)
        {
            return new Refusal("release.runtime", $"This release needs the worker contract '{manifest.Runtime}'; this version offers {ReleaseManifest.RuntimeName}.");
        }

        string[] names = [manifest.Tenant, manifest.UseCase, manifest.Name, manifest.Version, .. manifest.Hardware];
        if (!names.All(IsName) || manifest.Hardware.Count == 0 || manifest.Sequence < 1)
        {
            return Malformed("tenant, use case, name, version, at least one hardware class and a sequence from 1 are needed");
        }

        if (!double.IsFinite(manifest.GoldenTolerance) || manifest.GoldenTolerance < 0
            || manifest.Parameters.Any(parameter => !IsName(parameter.Key) || !double.IsFinite(parameter.Value)))
        {
            return Malformed("the golden tolerance and every parameter must be finite");
        }

        return CheckArtifacts(manifest) ?? CheckModels(manifest) ?? (Outcome<ReleaseManifest>)manifest;
    }

    private static Refusal? CheckArtifacts(ReleaseManifest manifest)
    {
        if (manifest.Artifacts.Count is 0 or > ReleaseManifest.ArtifactsMax)
        {
            return Malformed($"a release holds 1 to {ReleaseManifest.ArtifactsMax} artifacts");
        }

        var seen = new HashSet<(string, string)>();
        foreach (var artifact in manifest.Artifacts)
        {
            if (!ArtifactKind.All.Contains(artifact.Kind) || !IsName(artifact.Name)
                || !Digest.TryParse(artifact.Digest, out _) || artifact.Bytes is < 1 or > ArtifactBytesMax)
            {
                return Malformed($"artifact '{artifact.Kind}/{artifact.Name}' has an unknown kind, a bad name, digest or length");
            }

            if (!seen.Add((artifact.Kind, artifact.Name)))
            {
                return new Refusal("release.duplicate_artifact", $"Artifact '{artifact.Kind}/{artifact.Name}' is listed twice; which one is meant cannot be told.");
            }
        }

        return null;
    }

    private static Refusal? CheckModels(ReleaseManifest manifest)
    {
        foreach (var model in manifest.Models)
        {
            if (!IsName(model.Name) || !IsName(model.Version) || model.Inputs.Count == 0 || model.Outputs.Count == 0
                || model.Missing is not ("reject" or "native"))
            {
                return Malformed($"model '{model.Name}' needs a name, a version, inputs, outputs, and missing: reject or native");
            }

            if (manifest.Find(ArtifactKind.Model, model.Name) is null || manifest.Find(ArtifactKind.Golden, model.Name) is null)
            {
                return new Refusal("release.missing_artifact", $"Model '{model.Name}' needs an artifact of kind model and one of kind golden; without known answers it cannot prove itself.");
            }
        }

        return manifest.Artifacts.Any(artifact => artifact.Kind == ArtifactKind.Pipeline)
            && manifest.Artifacts.Any(artifact => artifact.Kind == ArtifactKind.Thing)
            ? null
            : new Refusal("release.missing_artifact", "A release needs a pipeline and the thing description it reads.");
    }

    // Names become parts of ids, topics and messages; what could act as a path or a wildcard has no place in them.
    private static bool IsName(string name) =>
        name.Length is > 0 and <= NameCharsMax
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@' or '+' or ':')
        && name is not "." and not "..";

    private static Refusal Malformed(string why) => new("release.malformed", $"The release manifest is not valid: {why}.");
}
