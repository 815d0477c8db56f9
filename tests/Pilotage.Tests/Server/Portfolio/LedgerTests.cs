using System.Text.Json.Nodes;
using Pilotage.Core;
using Pilotage.Server.Portfolio;
using Xunit;

namespace Pilotage.Tests.Server.Portfolio;

public sealed class LedgerTests : IDisposable
{
    private static readonly TenantId Acme = new("acme");
    private readonly PortfolioBench _bench = new();
    private readonly Ledger _ledger;

    public LedgerTests()
    {
        _ledger = new(_bench.Catalogue);
        for (var i = 0; i < 4; i++)
        {
            _ledger.Append(Acme, "pm", "outcome", new JsonObject { ["net"] = 100 * i }, 1_700_000_000_000_000_000 + i);
        }
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void An_untouched_ledger_verifies_and_keeps_the_order()
    {
        Assert.Equal(4, _ledger.Verify(Acme, "pm").Value);
        Assert.Equal([0, 1, 2, 3], _ledger.Lines(Acme, "pm").Select(line => line.Sequence));
    }

    [Theory]
    [InlineData("UPDATE portfolio_ledger SET entry = replace(entry, '\"net\":200', '\"net\":900') WHERE sequence = 2")]
    [InlineData("DELETE FROM portfolio_ledger WHERE sequence = 1")]
    [InlineData("UPDATE portfolio_ledger SET kind = 'gate' WHERE sequence = 3")]
    [InlineData("UPDATE portfolio_ledger SET sequence = CASE sequence WHEN 1 THEN 12 WHEN 2 THEN 11 ELSE sequence END; UPDATE portfolio_ledger SET sequence = sequence - 10 WHERE sequence > 10")]
    public void An_edit_a_removal_or_a_swap_shows(string tampering)
    {
        _bench.Tamper(tampering);

        Assert.Equal("trust.chain_broken", _ledger.Verify(Acme, "pm").Refusal.Code);
    }

    [Fact]
    public void Ledgers_of_two_use_cases_do_not_mix()
    {
        _ledger.Append(Acme, "other", "gate", [], 1);

        Assert.Equal(1, _ledger.Verify(Acme, "other").Value);
        Assert.Equal(4, _ledger.Verify(Acme, "pm").Value);
    }
}
