using System.Text;
using Pilotage.Core;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Mapping;

/// <summary>What one message becomes by a rule.</summary>
public sealed class PayloadReaderTests
{
    private const long NowNs = 1_767_225_600_000_000_000; // 2026-01-01
    private const string Head = "format: pilotage.mapping/1\nname: m\nversion: 1\nrules:\n  r:\n    topic: f/{machine}/{property}\n    device: \"{tenant}/{machine}\"\n";
    private const string Single = "    property: \"{property}\"\n";

    [Theory]
    [InlineData("21.5", "temp=21.5")]
    [InlineData(" -3e2\n", "temp=-300")]
    [InlineData("on", "temp=true")]
    [InlineData("FALSE", "temp=false")]
    [InlineData("{\"value\":4,\"x\":5}", "temp=4")]
    [InlineData("\"text\"", "temp=text")]
    [InlineData("[1,2]", "temp=1;temp=2")]
    [InlineData("NaN", "! temp: \"NaN\" is no number")]
    [InlineData("unavailable", "! temp: \"unavailable\" is no number")]
    [InlineData("warm", "! temp: \"warm\" is neither a number nor true or false; to keep it as text say type: text")]
    [InlineData("{\"temp\":4}", "! the payload is an object without a member value; say where it stands with value: /NAME")]
    [InlineData("{\"value\":", "! not JSON")]
    [InlineData("[]", "! the list is empty")]
    [InlineData("{\"value\":{}}", "! temp: a list is not stored")]
    public void A_single_value_in_whatever_form(string payload, string expected) => AssertBecomes(Single, payload, expected);

    [Theory]
    [InlineData("    type: text\n", "warm", "temp=warm")]
    [InlineData("    type: whole\n", "9007199254740993", "temp=9007199254740993")]
    [InlineData("    type: whole\n", "{\"value\":9007199254740993}", "temp=9007199254740993")]
    [InlineData("    type: whole\n", "1.5", "! temp: \"1.5\" is no whole number")]
    [InlineData("    type: truth\n", "1", "temp=true")]
    [InlineData("    type: truth\n", "2", "! temp: \"2\" is neither true nor false")]
    [InlineData("    type: number\n", "\"21.5\"", "temp=21.5")]
    [InlineData("    type: number\n", "true", "! temp: \"true\" is no number")]
    [InlineData("    scale: 0.1\n    offset: -40\n", "{\"value\":615}", "temp=21.5")]
    [InlineData("    scale: 1e300\n", "1e300", "! temp: the number is too large")]
    [InlineData("    payload: number\n", "{\"value\":1}", "! temp: \"{\"value\":1}\" is no number")]
    [InlineData("    payload: text\n", "21.5", "temp=21.5")]
    [InlineData("    value: /a/0/b\n", "{\"a\":[{\"b\":7}]}", "temp=7")]
    [InlineData("    value: /a/b\n", "{\"a\":[]}", "! there is nothing at /a/b")]
    [InlineData("    properties: {temp: {name: temperature, scale: 2}}\n", "4", "temperature=8")]
    [InlineData("    properties: {other: {}}\n", "4", "")]
    public void Types_scales_and_names_of_a_single_value(string more, string payload, string expected) => AssertBecomes(Single + more, payload, expected);

    [Theory]
    [InlineData("", "{\"a\":1,\"b\":{\"c\":true,\"d e\":\"x\"},\"n\":null}", "a=1,b.c=true,b.d_e=x")]
    [InlineData("    properties: {a: {name: first}, /b/c: {}}\n", "{\"a\":1,\"b\":{\"c\":2},\"z\":3}", "first=1,b.c=2")]
    [InlineData("    properties: {a: {name: first}}\n    others: keep\n", "{\"a\":1,\"z\":3}", "first=1,z=3")]
    [InlineData("    property: \"{property}.{field}\"\n", "{\"a\":1}", "temp.a=1")]
    [InlineData("    properties: {a: {name: x}}\n    others: keep\n", "{\"a\":1,\"x\":3}", "x=1! x: would be the property x, as another value of the message is already")]
    [InlineData("", "{\"a\":1,\"b\":[1]}", "a=1! b: a list is not stored as a series")]
    [InlineData("", "[{\"a\":1},{\"a\":2},3]", "a=1;a=2! item 2: a single value needs a name")]
    [InlineData("", "{\"a\":1,\"a\":2}", "! ambiguous JSON")]
    [InlineData("", "{\"\u00d6l\":1,\"\u00c4l\":2,\"\u0391\u0392\":3}", "_x00D6_l=1,_x00C4_l=2,_x0391__x0392_=3")]
    [InlineData("", "{\"a\":1e999}", "! a: the number is too large")]
    [InlineData("", "", "! not JSON")]
    [InlineData("", "[{\"n\":\"urn:dev:mac:1:temp\",\"v\":3,\"u\":\"Cel\"}]", "temp=3")]
    [InlineData("    payload: senml\n    properties: {temp: {name: t, scale: 10}}\n", "[{\"n\":\"temp\",\"v\":3}]", "t=30")]
    [InlineData("    payload: senml\n", "[{\"v\":3}]", "! ")]
    public void Many_values_of_one_message(string more, string payload, string expected) => AssertBecomes(more, payload, expected);

    [Theory]
    [InlineData("auto", "1767225600", NowNs)]
    [InlineData("auto", "1767225600.25", NowNs + 250_000_000)]
    [InlineData("auto", "1767225600000", NowNs)]
    [InlineData("auto", "1767225600000000", NowNs)]
    [InlineData("auto", "\"1767225600000\"", NowNs)]
    [InlineData("auto", "\"2026-01-01T01:00:00+01:00\"", NowNs)]
    [InlineData("utc", "\"2026-01-01T00:00:00.5\"", NowNs + 500_000_000)]
    [InlineData("utc", "\"2026-01-01 00:00:00\"", NowNs)]
    [InlineData("ns", "1767225600000000001", NowNs + 1)]
    public void Times_in_many_forms(string form, string time, long expectedNs)
    {
        var reading = Read($"    time: {{field: /at, format: {form}}}\n", $"{{\"at\":{time},\"a\":1}}");
        Assert.Null(reading.Fault);
        Assert.Equal((expectedNs, true), (Assert.Single(reading.Rows).TimeNs, reading.Rows[0].HasTime));
        Assert.Equal("a", Assert.Single(reading.Rows[0].Values).Property);
    }

    [Theory]
    [InlineData("auto", "5", "5 is no time between 1980 and 2100 in s, ms, us or ns")]
    [InlineData("auto", "\"yesterday\"", "\"yesterday\" is not RFC 3339")]
    [InlineData("auto", "\"2026-01-01T00:00:00\"", "if it is UTC, say format: utc")]
    [InlineData("auto", "\"2026-02-01T00:00:00Z\"", "the time lies more than a day in the future")]
    [InlineData("s", "1767225600000", "lies outside 1980 to 2100 in s")]
    [InlineData("s", "-5", "lies outside 1980 to 2100 in s")]
    [InlineData("s", "1e400", "not JSON")]
    [InlineData("rfc3339", "1767225600", "is a number, and the mapping says text")]
    [InlineData("ms", "\"2026-01-01T00:00:00Z\"", "the time is text, and the mapping says a number")]
    [InlineData("auto", "{}", "the time is neither text nor a number")]
    public void A_time_that_cannot_be_read_says_why(string form, string time, string why)
    {
        var reading = Read($"    time: {{field: /at, format: {form}}}\n", $"{{\"at\":{time},\"a\":1}}");
        Assert.Empty(reading.Rows);
        Assert.Contains(why == "not JSON" ? "the time" : why, reading.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_without_its_time_is_not_stamped_with_another() => AssertBecomes("    time: {field: /at}\n", "{\"a\":1}", "! there is no time at /at");

    [Theory]
    [InlineData("{\"id\":\"press-1\",\"a\":1}", "acme/press-1", null)]
    [InlineData("{\"id\":17,\"a\":1}", "acme/17", null)]
    [InlineData("{\"id\":\"other/place\",\"a\":1}", null, "device: /id is no name")]
    [InlineData("{\"id\":1.5,\"a\":1}", null, "device: /id is no name")]
    [InlineData("{\"a\":1}", null, "device: /id is not in the payload")]
    public void A_payload_may_name_its_device_and_no_other_place(string payload, string? path, string? fault)
    {
        var mapping = MappingReaderTests.Read(Head.Replace("{tenant}/{machine}", "{tenant}/{/id}", StringComparison.Ordinal)).Value;
        var reading = Read(mapping, payload);
        Assert.Equal(path, reading.Rows.SingleOrDefault()?.DevicePath);
        Assert.True(fault is null ? reading.Fault is null : reading.Fault!.Contains(fault, StringComparison.Ordinal), reading.Fault);
        Assert.All(reading.Rows.SelectMany(row => row.Values), value => Assert.Equal("a", value.Property));
    }

    [Fact]
    public void Hostile_payloads_never_throw_and_always_say_something()
    {
        var random = new Random(99);
        string[] rules = [Single, "", "    payload: senml\n", "    time: {field: /at}\n", "    property: \"{/n}\"\n    value: /v\n", "    payload: number\n" + Single];
        string[] texts = ["21.5", "{\"at\":1767225600,\"a\":{\"b\":[1,2,{\"c\":3}]},\"n\":\"x\",\"v\":1}", "[{\"bn\":\"u:\",\"n\":\"t\",\"v\":1}]", "[[[[[[[[]]]]]]]]", "{\"\\ud800\":1}", "\u0000"];
        var seeds = Array.ConvertAll(texts, Encoding.UTF8.GetBytes);
        foreach (var table in rules.Select(rule => MappingReaderTests.Read(Head + rule).Value))
        {
            for (var i = 0; i < 1_500; i++)
            {
                var bytes = seeds[random.Next(seeds.Length)].ToArray();
                for (var edits = random.Next(0, 5); edits > 0; edits--)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }

                var match = RuleMatch.Of(table.Rules[0], "f/m/temp", new TenantId("acme"), "s")!;
                var reading = PayloadReader.Read(match, null, bytes.AsMemory(0, random.Next(1, bytes.Length + 1)), NowNs);
                Assert.True(reading.Rows.Count > 0 || reading.Fault is not null || table.Rules[0].Property is null, Encoding.UTF8.GetString(bytes));
            }
        }

        Assert.NotNull(Read("", new string('[', 100_000)).Fault);
    }

    private static void AssertBecomes(string more, string payload, string expected)
    {
        var reading = Read(more, payload);
        var fault = expected.IndexOf('!', StringComparison.Ordinal);
        var rows = fault < 0 ? expected : expected[..fault];
        Assert.Equal(rows, string.Join(';', reading.Rows.Select(row => string.Join(',', row.Values.Select(value => $"{value.Property}={value.Value}")))));
        Assert.True(fault < 0 ? reading.Fault is null : reading.Fault?.Contains(expected[(fault + 2)..], StringComparison.Ordinal) == true, reading.Fault ?? "no fault");
        Assert.All(reading.Rows, row => Assert.Equal(("acme/press", NowNs), (row.DevicePath, row.TimeNs)));
        Assert.All(reading.Rows.SelectMany(row => row.Values), value => Assert.True(value.Value.Kind != SeriesKind.Number || double.IsFinite(value.Value.Number)));
    }

    private static MappedReading Read(string more, string payload) => Read(MappingReaderTests.Read(Head + more).Value, payload);

    private static MappedReading Read(TopicMapping mapping, string payload) =>
        PayloadReader.Read(RuleMatch.Of(mapping.Rules[0], "f/press/temp", new TenantId("acme"), "plant")!, null, Encoding.UTF8.GetBytes(payload), NowNs);
}
