using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pilotage.Core;
using Pilotage.Trust;
using Xunit;

namespace Pilotage.Tests.Trust;

public sealed class DsseTests : IDisposable
{
    private const string Type = "application/example+json";
    private static readonly byte[] Payload = "{\"hello\":\"world\"}"u8.ToArray();
    private readonly SigningKey _key = SigningKey.Create();
    private readonly SigningKey _other = SigningKey.Create();

    public void Dispose()
    {
        _key.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void Encodes_what_is_signed_as_the_specification_shows() => Assert.Equal(
        "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
        Encoding.UTF8.GetString(Dsse.PreAuthenticationEncoding("http://example.com/HelloWorld", "hello world"u8)));

    [Fact]
    public void Verifies_after_a_round_trip_through_json()
    {
        var read = DsseEnvelope.Parse(Dsse.Sign(Type, Payload, _key).ToJson()).Value;
        Assert.Equal(Payload, Dsse.Verify(read, [_key.Public], 1, Type).Value);
    }

    [Fact]
    public void Refuses_every_altered_byte_of_the_payload()
    {
        var envelope = Dsse.Sign(Type, Payload, _key);
        for (var i = 0; i < Payload.Length; i++)
        {
            var altered = (byte[])Payload.Clone();
            altered[i] ^= 1;
            var outcome = Dsse.Verify(envelope with { Payload = altered }, [_key.Public], 1, Type);
            Assert.Equal("trust.signature_invalid", outcome.Refusal.Code);
        }
    }

    [Fact]
    public void Refuses_an_altered_signature()
    {
        var envelope = Dsse.Sign(Type, Payload, _key);
        var bytes = envelope.Signatures[0].Signature.ToArray();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x10;
            var altered = envelope with { Signatures = [new DsseSignature(_key.KeyId, (byte[])bytes.Clone())] };
            Assert.False(Dsse.Verify(altered, [_key.Public], 1, Type).IsOk);
            bytes[i] ^= 0x10;
        }
    }

    [Fact]
    public void Refuses_an_empty_signature_list_and_an_empty_signature()
    {
        var envelope = Dsse.Sign(Type, Payload, _key);
        Assert.Equal("trust.unsigned", Dsse.Verify(envelope with { Signatures = [] }, [_key.Public], 1, Type).Refusal.Code);
        var empty = envelope with { Signatures = [new DsseSignature(_key.KeyId, Array.Empty<byte>())] };
        Assert.False(Dsse.Verify(empty, [_key.Public], 1, Type).IsOk);
    }

    [Fact]
    public void Counts_a_key_once_however_often_it_signed()
    {
        var twice = Dsse.CoSign(Dsse.Sign(Type, Payload, _key), _key);
        var anonymous = twice with { Signatures = [.. twice.Signatures.Select(s => s with { KeyId = "" })] };
        Assert.False(Dsse.Verify(twice, [_key.Public, _other.Public], 2, Type).IsOk);
        Assert.False(Dsse.Verify(anonymous, [_key.Public, _key.Public, _other.Public], 2, Type).IsOk);
        var both = Dsse.CoSign(twice, _other);
        Assert.True(Dsse.Verify(both, [_key.Public, _other.Public], 2, Type).IsOk);
    }

    [Fact]
    public void Refuses_a_key_that_is_not_trusted_even_under_a_trusted_id()
    {
        var forged = Dsse.Sign(Type, Payload, _other);
        Assert.False(Dsse.Verify(forged, [_key.Public], 1, Type).IsOk);
        var renamed = forged with { Signatures = [forged.Signatures[0] with { KeyId = _key.KeyId }] };
        Assert.False(Dsse.Verify(renamed, [_key.Public], 1, Type).IsOk);
        Assert.False(Dsse.Verify(forged, [], 1, Type).IsOk);
    }

    [Fact]
    public void Refuses_another_payload_type_even_when_relabelled()
    {
        var envelope = Dsse.Sign(Type, Payload, _key);
        Assert.Equal("trust.payload_type", Dsse.Verify(envelope, [_key.Public], 1, "application/other").Refusal.Code);
        var relabelled = envelope with { PayloadType = "application/other" };
        Assert.False(Dsse.Verify(relabelled, [_key.Public], 1, "application/other").IsOk);
    }

    [Fact]
    public void Refuses_keys_of_an_unknown_scheme()
    {
        using var rsa = RSA.Create(2048);
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Equal("trust.key_scheme_unknown", PublicKey.FromSpki(rsa.ExportSubjectPublicKeyInfo()).Refusal.Code);
        Assert.Equal("trust.key_scheme_unknown", PublicKey.FromSpki(p384.ExportSubjectPublicKeyInfo()).Refusal.Code);
        Assert.False(PublicKey.FromSpki([]).IsOk);
        Assert.False(PublicKey.FromSpki([.. _key.Public.Spki.Span, 0]).IsOk);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"payload\":\"AA==\",\"payloadType\":\"t\"}")]
    [InlineData("{\"payload\":\"%\",\"payloadType\":\"t\",\"signatures\":[]}")]
    [InlineData("{\"payload\":\"AA==\",\"payloadType\":null,\"signatures\":[]}")]
    [InlineData("{\"payload\":\"AA==\",\"payloadType\":\"t\",\"signatures\":[{\"keyid\":7,\"sig\":\"AA==\"}]}")]
    public void Refuses_malformed_envelopes_without_throwing(string json) =>
        Assert.Equal("trust.envelope_malformed", DsseEnvelope.Parse(Encoding.UTF8.GetBytes(json)).Refusal.Code);

    [Fact]
    public void Refuses_more_signatures_than_it_would_check()
    {
        var one = Dsse.Sign(Type, Payload, _key);
        var many = one with { Signatures = [.. Enumerable.Repeat(one.Signatures[0], DsseEnvelope.SignaturesMax + 1)] };
        Assert.False(DsseEnvelope.Parse(many.ToJson()).IsOk);
    }

    [Fact]
    public void Statement_names_its_subjects_and_is_refused_under_another_claim()
    {
        using var predicate = JsonDocument.Parse("{\"b\":1,\"a\":[2]}");
        var statement = new InTotoStatement(
            [new InTotoSubject("model.onnx", Digest.Of(Payload))], "https://example.com/claim/1", predicate.RootElement);
        var envelope = statement.Sign(_key);

        var read = InTotoStatement.Verify(envelope, [_key.Public], 1, "https://example.com/claim/1").Value;
        Assert.Equal(Digest.Of(Payload), read.Subjects[0].Digest);
        Assert.Equal(2, read.Predicate.GetProperty("a")[0].GetInt32());
        Assert.Equal(
            "trust.predicate_type",
            InTotoStatement.Verify(envelope, [_key.Public], 1, "https://example.com/claim/2").Refusal.Code);
    }
}
