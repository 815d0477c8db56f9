using Pilotage.Core;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Portfolio;
using Pilotage.Trust;
using Xunit;

namespace Pilotage.Tests.Server.Portfolio;

public sealed class BaselinesTests : IDisposable
{
    private static readonly TenantId Acme = new("acme");
    private readonly PortfolioBench _bench = new();
    private readonly Keys _keys = new();
    private readonly Baselines _baselines;

    public BaselinesTests() => _baselines = new(_bench.Catalogue, _keys);

    public void Dispose()
    {
        _bench.Dispose();
        _keys.Dispose();
    }

    [Fact]
    public void A_frozen_baseline_reads_back_as_it_was()
    {
        var frozen = _baselines.Freeze(Acme, Document(), 5).Value;

        var read = _baselines.Read(Acme, "pm").Value;

        Assert.Equal(frozen.Digest, read.Digest);
        Assert.Equal(136, read.Document.FixedIntervalCycles);
        Assert.Equal("engine-001", read.Document.Units[0].Device);
    }

    [Fact]
    public void A_second_freeze_is_refused_and_the_first_stands()
    {
        _baselines.Freeze(Acme, Document(), 5);

        var second = _baselines.Freeze(Acme, Document() with { FixedIntervalCycles = 1 }, 6);

        Assert.Equal("baseline.exists", second.Refusal.Code);
        Assert.Equal(136, _baselines.Read(Acme, "pm").Value.Document.FixedIntervalCycles);
    }

    [Theory]
    [InlineData("UPDATE portfolio_baselines SET document = replace(document, '\"fixedIntervalCycles\":136', '\"fixedIntervalCycles\":36')")]
    [InlineData("UPDATE portfolio_baselines SET envelope = replace(envelope, 'a', 'b')")]
    [InlineData("UPDATE portfolio_baselines SET digest = 'sha256:0000000000000000000000000000000000000000000000000000000000000000'")]
    public void An_edited_baseline_is_never_served(string tampering)
    {
        _baselines.Freeze(Acme, Document(), 5);

        _bench.Tamper(tampering);

        Assert.Equal("baseline.altered", _baselines.Read(Acme, "pm").Refusal.Code);
    }

    [Fact]
    public void A_baseline_signed_anew_by_another_key_is_not_the_one_that_was_frozen()
    {
        using var other = new Keys();
        new Baselines(_bench.Catalogue, other).Freeze(Acme, Document() with { FixedIntervalCycles = 36 }, 5);

        Assert.Equal("baseline.altered", _baselines.Read(Acme, "pm").Refusal.Code);
    }

    private static BaselineDocument Document() => new()
    {
        UseCase = "pm",
        Version = "1.0.0",
        Kpi = "total_downtime",
        FrozenAt = "2026-01-01T00:00:00Z",
        Data = Digest.Of("data"u8).ToString(),
        Units = [new("engine-001", 192, false, 10)],
        Rule = new(10, 10, 2),
        FixedIntervalCycles = 136,
        RunToFailureRate = 48.5,
        FixedIntervalRate = 17.25,
        Assumptions = [new("price.downtime_hour", 4200, "EUR", "Finance", "p.silva")],
    };

    private sealed class Keys : IServerKeys, IDisposable
    {
        public SigningKey Signing { get; } = SigningKey.Create();

        public CertificateAuthority Authority => throw new NotSupportedException("The portfolio issues no certificates.");

        public CertificateTrust ClientTrust => throw new NotSupportedException("The portfolio trusts no certificates.");

        public void Dispose() => Signing.Dispose();
    }
}
