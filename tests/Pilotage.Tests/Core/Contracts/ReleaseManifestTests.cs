using System.Text;
using Pilotage.Core;
using Pilotage.Core.Contracts.Releases;
using Xunit;

namespace Pilotage.Tests.Core.Contracts;

public sealed class ReleaseManifestTests
{
    [Fact]
    public void Round_trips()
    {
        var manifest = SampleRelease.Manifest();

        var back = ReleaseManifest.Parse(manifest.ToJson());

        Assert.True(back.IsOk, back.IsOk ? "" : back.Refusal.Message);
        Assert.Equal(manifest.ToJson(), back.Value.ToJson());
    }

    [Fact]
    public void Refuses_an_unknown_member()
    {
        var text = Encoding.UTF8.GetString(SampleRelease.Manifest().ToJson()).Replace("\"format\"", "\"extra\":1,\"format\"", StringComparison.Ordinal);

        Assert.Equal("release.malformed", Refused(text).Code);
    }

    [Fact]
    public void Refuses_a_member_given_twice()
    {
        var text = Encoding.UTF8.GetString(SampleRelease.Manifest().ToJson()).Replace("\"sequence\":7", "\"sequence\":7,\"sequence\":9", StringComparison.Ordinal);

        Assert.Equal("release.malformed", Refused(text).Code);
    }

    [Fact]
    public void Refuses_a_missing_member()
    {
        var text = Encoding.UTF8.GetString(SampleRelease.Manifest().ToJson()).Replace("\"sequence\":7,", "", StringComparison.Ordinal);

        Assert.Equal("release.malformed", Refused(text).Code);
    }

    [Fact]
    public void Refuses_a_newer_format_by_name() =>
        Assert.Equal("release.format", Refused(SampleRelease.Manifest() with { Format = "pilotage.release/2" }).Code);

    [Fact]
    public void Refuses_one_artifact_under_two_digests()
    {
        var manifest = SampleRelease.Manifest();
        var twice = manifest with { Artifacts = [.. manifest.Artifacts, manifest.Artifacts[0] with { Digest = Digest.Of([9]).ToString() }] };

        Assert.Equal("release.duplicate_artifact", Refused(twice).Code);
    }

    [Fact]
    public void Refuses_a_model_without_known_answers()
    {
        var manifest = SampleRelease.Manifest();
        var bare = manifest with { Artifacts = [.. manifest.Artifacts.Where(artifact => artifact.Kind != ArtifactKind.Golden)] };

        Assert.Equal("release.missing_artifact", Refused(bare).Code);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("a+#")]
    [InlineData("")]
    public void Refuses_a_name_that_could_act_as_a_path_or_wildcard(string name)
    {
        var manifest = SampleRelease.Manifest();
        var bad = manifest with { Artifacts = [.. manifest.Artifacts.Select(artifact => artifact with { Name = name })] };

        Assert.Equal("release.malformed", Refused(bad).Code);
    }

    [Fact]
    public void Never_throws_on_mutated_bytes()
    {
        var random = new Random(3);
        var valid = SampleRelease.Manifest().ToJson();
        for (var round = 0; round < 5_000; round++)
        {
            var mutant = valid.ToArray();
            for (var i = random.Next(4); i >= 0; i--)
            {
                mutant[random.Next(mutant.Length)] = (byte)random.Next(256);
            }

            _ = ReleaseManifest.Parse(mutant.AsSpan(0, random.Next(mutant.Length + 1)));
        }
    }

    private static Refusal Refused(ReleaseManifest manifest) => ReleaseManifest.Parse(manifest.ToJson()).Refusal;

    private static Refusal Refused(string text) => ReleaseManifest.Parse(Encoding.UTF8.GetBytes(text)).Refusal;
}
