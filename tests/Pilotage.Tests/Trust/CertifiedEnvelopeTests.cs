using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.Trust;
using Xunit;

namespace Pilotage.Tests.Trust;

public sealed class CertifiedEnvelopeTests : IDisposable
{
    private const string Type = "application/x-test";
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-test-").FullName;
    private readonly ManualTime _time = new();
    private readonly CertificateAuthority _authority;
    private readonly SigningKey _key = SigningKey.Create();
    private readonly X509Certificate2 _certificate;

    public CertifiedEnvelopeTests()
    {
        _authority = CertificateAuthority.OpenOrCreate(new PosixDirectory(_folder), new CertificateAuthorityOptions(), _time).Value;
        _certificate = Issue(_authority);
    }

    private CertificateTrust Trust => new([_authority.Certificate], _time);

    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Names_the_device_whose_key_signed()
    {
        var json = CertifiedEnvelope.Sign(Type, [1, 2], _key, _certificate).ToJson();

        var verified = CertifiedEnvelope.Parse(json).Then(envelope => envelope.Verify(Trust, Type)).Value;

        Assert.Equal([1, 2], verified.Payload);
        Assert.Equal("edge-1", verified.Signer.Device.Value);
    }

    [Fact]
    public void Refuses_a_signature_by_another_key_than_the_certificates()
    {
        using var thief = SigningKey.Create();

        Assert.Equal("trust.signature_invalid", CertifiedEnvelope.Sign(Type, [1], thief, _certificate).Verify(Trust, Type).Refusal.Code);
    }

    [Fact]
    public void Refuses_a_certificate_of_another_authority()
    {
        var elsewhere = Directory.CreateDirectory(Path.Combine(_folder, "other")).FullName;
        using var other = CertificateAuthority.OpenOrCreate(new PosixDirectory(elsewhere), new CertificateAuthorityOptions(), _time).Value;
        using var certificate = Issue(other);

        Assert.Equal("trust.certificate", CertifiedEnvelope.Sign(Type, [1], _key, certificate).Verify(Trust, Type).Refusal.Code);
    }

    [Fact]
    public void Refuses_an_envelope_without_certificate() =>
        Assert.Equal("trust.certificate_missing", CertifiedEnvelope.Parse(Dsse.Sign(Type, [1], _key).ToJson()).Refusal.Code);

    private X509Certificate2 Issue(CertificateAuthority authority)
    {
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportFromPem(_key.ExportPem());
        var request = new CertificateRequest("CN=x", ecdsa, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        return authority.IssueDevice(request, new DeviceCertificate(new TenantId("acme"), new DeviceId("edge-1"))).Value;
    }
}
