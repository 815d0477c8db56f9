using System.Text;
using System.Text.Json;
using Pilotage.Core;
using Xunit;

namespace Pilotage.Tests.Core;

public sealed class CanonicalJsonTests
{
    // RFC 8785 appendix B, and layouts around each of ECMAScript's borders.
    [Theory]
    [InlineData(0x0000000000000000, "0")]
    [InlineData(0x8000000000000000, "0")]
    [InlineData(0x0000000000000001, "5e-324")]
    [InlineData(0x8000000000000001, "-5e-324")]
    [InlineData(0x7fefffffffffffff, "1.7976931348623157e+308")]
    [InlineData(0x4340000000000000, "9007199254740992")]
    [InlineData(0x4430000000000000, "295147905179352830000")]
    [InlineData(0x44b52d02c7e14af5, "9.999999999999997e+22")]
    [InlineData(0x44b52d02c7e14af6, "1e+23")]
    [InlineData(0x44b52d02c7e14af7, "1.0000000000000001e+23")]
    [InlineData(0x444b1ae4d6e2ef4e, "999999999999999700000")]
    [InlineData(0x444b1ae4d6e2ef50, "1e+21")]
    [InlineData(0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7")]
    [InlineData(0x3eb0c6f7a0b5ed8d, "0.000001")]
    [InlineData(0x41b3de4355555553, "333333333.3333332")]
    [InlineData(0x41b3de4355555557, "333333333.33333343")]
    [InlineData(0xbecbf647612f3696, "-0.0000033333333333333333")]
    [InlineData(0x43143ff3c1cb0959, "1424953923781206.2")]
    public void Writes_doubles_as_ecmascript_does(ulong bits, string expected) =>
        Assert.Equal(expected, CanonicalJson.Number(BitConverter.UInt64BitsToDouble(bits)));

    [Fact]
    public void Sorts_keys_by_code_unit_and_drops_whitespace()
    {
        const string Text = "{ \"\\u20ac\": 1, \"\\r\": 2, \"1\": [ true, null ], \"\\ud83d\\ude00\": \"\\u000f/\\u00e9\" }";
        Assert.Equal("{\"\\r\":2,\"1\":[true,null],\"€\":1,\"😀\":\"\\u000f/é\"}", Canonical(Text));
    }

    [Fact]
    public void Same_value_in_another_spelling_has_the_same_bytes() =>
        Assert.Equal(Canonical("{\"a\":1.0,\"b\":1E3}"), Canonical("{\"b\":1000,\"a\":1}"));

    [Fact]
    public void Keeps_every_digit_of_a_nanosecond_time() =>
        Assert.Equal("{\"atNs\":1763864000000000123}", Canonical("{\"atNs\":1763864000000000123}"));

    [Theory]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{\"a\":1} 2")]
    [InlineData("{\"a\":1e999}")]
    [InlineData("{\"a\"")]
    [InlineData("")]
    public void Refuses_what_has_no_single_meaning(string text) =>
        Assert.False(CanonicalJson.OfText(Encoding.UTF8.GetBytes(text)).IsOk);

    private static string Canonical(string text)
    {
        using var document = JsonDocument.Parse(text);
        return Encoding.UTF8.GetString(CanonicalJson.Of(document.RootElement));
    }
}
