using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Trust;
using Xunit;

namespace Pilotage.Tests.Trust;

public sealed class CertificateTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 2, 0, 0, TimeSpan.Zero);
    private static readonly DeviceCertificate Pump = new(new TenantId("acme"), new DeviceId("dev_0123456789abcdef"));
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-ca-").FullName;
    private readonly FixedTime _time = new(Now);
    private readonly CertificateAuthority _authority;

    public CertificateTests() => _authority = CertificateAuthority.OpenOrCreate(new PosixDirectory(_folder), new(), _time).Value;

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Names_the_device_the_caller_decided_and_not_the_one_requested()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=root-of-all, O=evil", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var issued = _authority.IssueDevice(request.CreateSigningRequestPem(), Pump).Value;

        Assert.True(DeviceCertificate.TryRead(issued, out var identity));
        Assert.Equal(Pump, identity);
        Assert.Equal("CN=dev_0123456789abcdef", issued.Subject);
        Assert.False(issued.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.True(Trust().Check(issued, PeerPurpose.Client).IsOk);
    }

    [Fact]
    public void Is_valid_for_a_device_whose_clock_is_a_little_behind_and_not_for_ever()
    {
        var issued = _authority.IssueDevice(Request(), Pump, TimeSpan.FromDays(30)).Value;
        _time.Now = Now - TimeSpan.FromHours(23);
        Assert.True(Trust().Check(issued, PeerPurpose.Client).IsOk);
        _time.Now = Now + TimeSpan.FromDays(31);
        Assert.Contains("NotTimeValid", Trust().Check(issued, PeerPurpose.Client).Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_a_certificate_of_another_authority()
    {
        var other = Directory.CreateTempSubdirectory("pilotage-ca-").FullName;
        using var impostor = CertificateAuthority.OpenOrCreate(new PosixDirectory(other), new(), _time).Value;
        var issued = impostor.IssueDevice(Request(), Pump).Value;
        Assert.False(Trust().Check(issued, PeerPurpose.Client).IsOk);
        Directory.Delete(other, recursive: true);
    }

    [Fact]
    public void What_was_once_found_good_is_refused_when_its_time_is_over_or_its_use_another()
    {
        using var issued = _authority.IssueDevice(Request(), Pump).Value;
        var trust = Trust();
        _time.Now = Now;
        Assert.True(trust.Check(issued, PeerPurpose.Client).IsOk);

        _time.Now = issued.NotAfter.ToUniversalTime();
        Assert.True(trust.Check(issued, PeerPurpose.Client).IsOk);
        _time.Now = _time.Now.AddSeconds(1);
        Assert.False(trust.Check(issued, PeerPurpose.Client).IsOk);
        _time.Now = issued.NotBefore.ToUniversalTime().AddSeconds(-1);
        Assert.False(trust.Check(issued, PeerPurpose.Client).IsOk);

        using var server = _authority.IssueServer(["localhost"]);
        _time.Now = Now;
        Assert.True(trust.Check(server, PeerPurpose.Server).IsOk);
        Assert.False(trust.Check(server, PeerPurpose.Client).IsOk);
    }

    [Fact]
    public void A_certificate_ends_with_the_root_it_was_found_good_under()
    {
        var folder = Path.Combine(_folder, "short");
        Directory.CreateDirectory(folder);
        using var shortLived = CertificateAuthority.OpenOrCreate(new PosixDirectory(folder), new() { AuthorityLifetime = TimeSpan.FromDays(30) }, _time).Value;
        using var issued = shortLived.IssueDevice(Request(), Pump, TimeSpan.FromDays(300)).Value;
        var trust = new CertificateTrust([shortLived.Certificate], _time);
        Assert.True(trust.Check(issued, PeerPurpose.Client).IsOk);

        _time.Now = Now.AddDays(60);
        Assert.False(trust.Check(issued, PeerPurpose.Client).IsOk);
    }

    [Fact]
    public void Server_certificate_carries_its_names_and_is_no_client()
    {
        using var issued = _authority.IssueServer(["localhost", "127.0.0.1"]);
        Assert.True(issued.MatchesHostname("localhost"));
        Assert.True(issued.MatchesHostname("127.0.0.1"));
        Assert.False(issued.MatchesHostname("example.com"));
        Assert.True(issued.HasPrivateKey);
        Assert.True(Trust().Check(issued, PeerPurpose.Server).IsOk);
        Assert.False(Trust().Check(issued, PeerPurpose.Client).IsOk);
        Assert.False(DeviceCertificate.TryRead(issued, out _));
    }

    [Fact]
    public void Opens_the_same_authority_again_and_keeps_its_key_private()
    {
        using var again = CertificateAuthority.OpenOrCreate(new PosixDirectory(_folder), new(), _time).Value;
        Assert.Equal(_authority.Fingerprint, again.Fingerprint);
        Assert.False(PrivateFile.IsReadableByOthers(Path.Combine(_folder, CertificateAuthority.KeyFile)));
    }

    [Fact]
    public void Says_so_when_its_files_are_damaged()
    {
        File.WriteAllText(Path.Combine(_folder, CertificateAuthority.KeyFile), "not a key");
        Assert.Equal("trust.authority_damaged", CertificateAuthority.OpenOrCreate(new PosixDirectory(_folder), new(), _time).Refusal.Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----")]
    public void Refuses_what_is_no_request(string pem) =>
        Assert.Equal("trust.request_malformed", _authority.IssueDevice(pem, Pump).Refusal.Code);

    [Fact]
    public void Refuses_a_request_with_a_key_of_another_scheme()
    {
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=x", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Assert.Equal("trust.key_scheme_unknown", _authority.IssueDevice(request.CreateSigningRequestPem(), Pump).Refusal.Code);
    }

    [Fact]
    public void A_certificate_with_two_names_names_nobody()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri("urn:pilotage:acme:device:dev_a"));
        names.AddUri(new Uri("urn:pilotage:acme:device:dev_b"));
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(Now, Now.AddDays(1));
        Assert.False(DeviceCertificate.TryRead(certificate, out _));
    }

    [Fact]
    public void Signing_key_survives_its_file_which_only_the_owner_reads()
    {
        var path = Path.Combine(_folder, "signing.pem");
        using var made = SigningKey.OpenOrCreate(new PosixDirectory(_folder), "signing.pem").Value;
        using var opened = SigningKey.OpenOrCreate(new PosixDirectory(_folder), "signing.pem").Value;
        Assert.Equal(made.KeyId, opened.KeyId);
        Assert.False(PrivateFile.IsReadableByOthers(path));
        Assert.True(Pilotage.Trust.PublicKey.FromPem(made.Public.ToPem()).Value.Verify("x"u8, opened.Sign("x"u8)));
    }

    [Fact]
    public void Enrolment_code_survives_being_typed_and_hides_in_logs()
    {
        var code = EnrolmentCode.Create(_authority.Fingerprint);
        Assert.True(EnrolmentCode.TryParse(" " + code.Reveal() + "\n", out var typed));
        Assert.Equal(code.SecretHash, typed!.SecretHash);
        Assert.Equal(_authority.Fingerprint, typed.Authority);
        Assert.DoesNotContain(code.Reveal().Split('.')[1], code.ToString(), StringComparison.Ordinal);
        Assert.False(EnrolmentCode.TryParse(code.Reveal()[..^1], out _));
        Assert.False(EnrolmentCode.TryParse(code.Reveal().Replace("pe1", "pe2", StringComparison.Ordinal), out _));
    }

    private static string Request()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
    }

    private CertificateTrust Trust() => new([_authority.Certificate], _time);

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = now;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
