using System.Text;
using Pilotage.Core;
using Pilotage.Trust;
using Xunit;

namespace Pilotage.Tests.Trust;

public sealed class HashChainTests
{
    private readonly List<(ReadOnlyMemory<byte> Entry, Digest Link)> _stored = [];

    public HashChainTests()
    {
        var chain = new HashChain("audit");
        for (var i = 0; i < 20; i++)
        {
            var entry = Encoding.UTF8.GetBytes($"entry {i}");
            _stored.Add((entry, chain.Append(entry)));
        }
    }

    [Fact]
    public void Accepts_what_was_appended_and_carries_on_after_it()
    {
        var verified = HashChain.Verify("audit", _stored).Value;
        Assert.Equal(20, verified.Count);
        var resumed = HashChain.Resume(verified.Count, verified.Head);
        Assert.Equal(verified.Append("next"u8), resumed.Append("next"u8));
    }

    [Fact]
    public void Names_the_entry_that_was_edited()
    {
        _stored[7] = ("entry 7, but nicer"u8.ToArray(), _stored[7].Link);
        Assert.Contains("Entry 7 ", HashChain.Verify("audit", _stored).Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sees_an_entry_edited_together_with_its_own_link()
    {
        var entry = "forged"u8.ToArray();
        _stored[7] = (entry, HashChain.Link(_stored[6].Link, 7, entry));
        Assert.Contains("Entry 8 ", HashChain.Verify("audit", _stored).Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sees_deletion_and_reordering_and_another_chain()
    {
        Assert.False(HashChain.Verify("ledger", _stored).IsOk);
        (_stored[3], _stored[4]) = (_stored[4], _stored[3]);
        Assert.False(HashChain.Verify("audit", _stored).IsOk);
        (_stored[3], _stored[4]) = (_stored[4], _stored[3]);
        _stored.RemoveAt(0);
        Assert.False(HashChain.Verify("audit", _stored).IsOk);
    }

    [Fact]
    public void A_cut_tail_leaves_another_head()
    {
        var whole = HashChain.Verify("audit", _stored).Value.Head;
        _stored.RemoveAt(19);
        Assert.NotEqual(whole, HashChain.Verify("audit", _stored).Value.Head);
    }
}
