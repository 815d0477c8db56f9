using System.Text.Json;
using Pilotage.Core;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Tests.Core.Contracts;
using Pilotage.Trust;
using Xunit;

namespace Pilotage.Tests.Trust;

public sealed class ReleaseVerifierTests
{
    private readonly SigningKey _key = SigningKey.Create();

    private ReleaseTrust Trust => new([_key.Public], 1, new TenantId("acme"));

    [Fact]
    public void Accepts_what_was_signed_and_names_it_by_its_bytes()
    {
        var envelope = ReleaseVerifier.Sign(SampleRelease.Manifest(), _key);

        var verified = Verify(envelope).Value;

        Assert.Equal(Digest.Of(envelope.Payload.Span), verified.ManifestDigest);
        Assert.Equal("rel_" + verified.ManifestDigest.Hex[..24], verified.Id.Value);
        Assert.Equal(SampleRelease.Manifest().ToJson(), verified.Manifest.ToJson());
    }

    [Fact]
    public void Refuses_an_unsigned_release() =>
        Assert.Equal("trust.unsigned", Verify(Signed() with { Signatures = [] }).Refusal.Code);

    [Fact]
    public void Refuses_an_empty_signature() =>
        Assert.Equal("trust.signature_invalid", Verify(Signed() with { Signatures = [new DsseSignature(_key.KeyId, default)] }).Refusal.Code);

    [Fact]
    public void Refuses_a_release_signed_by_a_key_that_is_not_trusted()
    {
        using var debug = SigningKey.Create();

        Assert.Equal("trust.signature_invalid", Verify(ReleaseVerifier.Sign(SampleRelease.Manifest(), debug)).Refusal.Code);
    }

    [Fact]
    public void Refuses_a_foreign_signature_under_a_trusted_key_id()
    {
        using var thief = SigningKey.Create();
        var signature = ReleaseVerifier.Sign(SampleRelease.Manifest(), thief).Signatures[0].Signature;

        Assert.Equal("trust.signature_invalid", Verify(Signed() with { Signatures = [new DsseSignature(_key.KeyId, signature)] }).Refusal.Code);
    }

    [Fact]
    public void Refuses_every_altered_byte_of_the_payload()
    {
        var envelope = Signed();
        for (var at = 0; at < envelope.Payload.Length; at++)
        {
            var altered = envelope.Payload.ToArray();
            altered[at] ^= 1;
            Assert.False(Verify(envelope with { Payload = altered }).IsOk);
        }
    }

    [Fact]
    public void Refuses_one_signature_counted_twice()
    {
        var envelope = Signed();
        var twice = envelope with { Signatures = [envelope.Signatures[0], envelope.Signatures[0]] };

        Assert.Equal("trust.signature_invalid", ReleaseVerifier.Verify(twice, Trust with { Threshold = 2 }, "linux-x64", 0).Refusal.Code);
    }

    [Fact]
    public void Refuses_another_payload_type()
    {
        var envelope = Dsse.Sign(AttestedState.PayloadType, Signed().Payload.Span, _key);

        Assert.Equal("trust.payload_type", Verify(envelope).Refusal.Code);
    }

    [Fact]
    public void Refuses_a_statement_about_something_else()
    {
        var predicate = JsonSerializer.SerializeToElement(SampleRelease.Manifest(), ReleaseManifest.JsonType);
        var envelope = new InTotoStatement([], "https://example.org/other", predicate).Sign(_key);

        Assert.Equal("trust.predicate_type", Verify(envelope).Refusal.Code);
    }

    [Fact]
    public void Refuses_subjects_that_are_not_the_artifacts()
    {
        var predicate = JsonSerializer.SerializeToElement(SampleRelease.Manifest(), ReleaseManifest.JsonType);
        var envelope = new InTotoStatement([new InTotoSubject("model/rul", Digest.Of([8]))], ReleaseManifest.PredicateType, predicate).Sign(_key);

        Assert.Equal("release.subjects_differ", Verify(envelope).Refusal.Code);
    }

    [Fact]
    public void Refuses_the_wrong_hardware_class() =>
        Assert.Equal("release.wrong_hardware", ReleaseVerifier.Verify(Signed(), Trust, "linux-riscv64", 0).Refusal.Code);

    [Fact]
    public void Refuses_the_wrong_tenant() =>
        Assert.Equal("release.wrong_tenant", ReleaseVerifier.Verify(Signed(), Trust with { Tenant = new TenantId("other") }, "linux-x64", 0).Refusal.Code);

    [Fact]
    public void Refuses_a_lower_sequence_than_the_floor()
    {
        Assert.Equal("release.rolled_back", ReleaseVerifier.Verify(Signed(), Trust, "linux-x64", 8).Refusal.Code);
        Assert.True(ReleaseVerifier.Verify(Signed(), Trust, "linux-x64", 7).IsOk);
    }

    [Fact]
    public void Refuses_a_missing_artifact()
    {
        var manifest = SampleRelease.Manifest();
        var without = manifest with { Artifacts = [.. manifest.Artifacts.Where(artifact => artifact.Kind != ArtifactKind.Golden)] };

        Assert.Equal("release.missing_artifact", Verify(ReleaseVerifier.Sign(without, _key)).Refusal.Code);
    }

    [Fact]
    public void Refuses_a_duplicate_artifact()
    {
        var manifest = SampleRelease.Manifest();
        var twice = manifest with { Artifacts = [.. manifest.Artifacts, SampleRelease.Artifact(ArtifactKind.Model, "rul", [99])] };

        Assert.Equal("release.duplicate_artifact", Verify(ReleaseVerifier.Sign(twice, _key)).Refusal.Code);
    }

    [Fact]
    public void Refuses_bytes_with_another_digest()
    {
        var artifact = SampleRelease.Artifact(ArtifactKind.Model, "rul", [1, 2, 3]);

        Assert.Equal("release.digest_mismatch", ReleaseVerifier.CheckArtifact(artifact, new byte[] { 1, 2, 4 }).Refusal.Code);
        Assert.True(ReleaseVerifier.CheckArtifact(artifact, new byte[] { 1, 2, 3 }).IsOk);
    }

    [Fact]
    public void Refuses_the_right_digest_with_the_wrong_length()
    {
        var artifact = SampleRelease.Artifact(ArtifactKind.Model, "rul", [1, 2, 3]) with { Bytes = 4 };

        Assert.Equal("release.digest_mismatch", ReleaseVerifier.CheckArtifact(artifact, new byte[] { 1, 2, 3 }).Refusal.Code);
    }

    [Fact]
    public void Accepts_none_of_the_mutated_envelopes()
    {
        var random = new Random(5);
        var valid = Signed().ToJson();
        for (var round = 0; round < 2_000; round++)
        {
            var mutant = valid.ToArray();
            mutant[random.Next(mutant.Length)] = (byte)random.Next(256);
            if (mutant.AsSpan().SequenceEqual(valid) || !DsseEnvelope.Parse(mutant).TryGet(out var envelope, out _))
            {
                continue;
            }

            // A changed key id is a hint gone wrong and may still verify or not; the payload decides, and it must be the signed one.
            Assert.True(!Verify(envelope).IsOk || envelope.Payload.Span.SequenceEqual(Signed().Payload.Span));
        }
    }

    private DsseEnvelope Signed() => ReleaseVerifier.Sign(SampleRelease.Manifest(), _key);

    private Outcome<VerifiedRelease> Verify(DsseEnvelope envelope) => ReleaseVerifier.Verify(envelope, Trust, "linux-x64", 7);
}
