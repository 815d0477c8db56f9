using System.Text;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

public sealed class TelemetryReaderTests
{
    private static readonly long Now = Clock.ToNs(new DateTimeOffset(2026, 11, 23, 2, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("{\"ts\":1700000000000,\"values\":{\"a\":1.5,\"b\":true}}", 1_700_000_000_000_000_000)]
    [InlineData("{\"ts\":\"2023-11-14T22:13:20Z\",\"values\":{\"a\":1.5,\"b\":true}}", 1_700_000_000_000_000_000)]
    [InlineData("{\"ts\":\"2023-11-14T23:13:20.123456789+01:00\",\"values\":{\"a\":1.5,\"b\":true}}", 1_700_000_000_123_456_789)]
    [InlineData("{\"ts\":1700000000000,\"a\":1.5,\"b\":true}", 1_700_000_000_000_000_000)]
    [InlineData("{\"ts\":1.7e12,\"a\":1.5,\"b\":true}", 1_700_000_000_000_000_000)]
    [InlineData("{\"ts\":1700000000000.0,\"a\":1.5,\"b\":true}", 1_700_000_000_000_000_000)]
    public void Reads_an_object_with_its_time(string json, long timeNs)
    {
        var reading = Read(json);
        var row = Assert.Single(reading.Rows);
        Assert.Equal(timeNs, row.TimeNs);
        Assert.Equal(["a", "b"], row.Properties);
        Assert.Equal([SeriesValue.Of(1.5), SeriesValue.OfTruth(true)], row.Values);
        Assert.Null(reading.Fault);
    }

    [Fact]
    public void Stamps_a_bare_object_on_arrival() => Assert.Equal(Now, Assert.Single(Read("{\"a\":1}").Rows).TimeNs);

    [Fact]
    public void Reads_an_array_item_by_item() =>
        Assert.Equal([1, 2], Read("[{\"ts\":1700000000000,\"values\":{\"a\":1}},{\"a\":2}]").Rows.Select(r => (int)r.Values[0].Number));

    [Theory]
    [InlineData("7.25", 7.25)]
    [InlineData("false", 0)]
    [InlineData("{\"ts\":1700000000000,\"value\":7.25}", 7.25)]
    public void Reads_one_value_below_its_property(string json, double value)
    {
        var row = Assert.Single(Read(json, "speed").Rows);
        Assert.Equal(["speed"], row.Properties);
        Assert.Equal(value, Assert.Single(row.Values).Number);
    }

    [Fact]
    public void Keeps_every_bit_of_a_double()
    {
        var value = 0.1 + 0.2;
        Assert.Equal(value, Assert.Single(Read($"{{\"a\":{value:R}}}").Rows).Values[0].Number);
    }

    [Fact]
    public void Stores_what_it_can_and_says_what_it_could_not()
    {
        var reading = Read("{\"values\":{\"a\":1,\"text\":\"on\",\"gone\":null,\"deep\":{\"x\":1}}}");
        var row = Assert.Single(reading.Rows);
        Assert.Equal(["a", "text"], row.Properties);
        Assert.Equal([SeriesValue.Of(1), SeriesValue.OfText("on")], row.Values);
        Assert.Contains("deep: a nested value is not stored", reading.Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("{\"a\":NaN}", "not JSON")]
    [InlineData("{\"a\":1,\"a\":2}", "ambiguous JSON: Duplicate")]
    [InlineData("{\"values\":{\"a\":1},\"values\":{\"b\":2}}", "ambiguous JSON: Duplicate")]
    [InlineData("{\"ts\":", "(line 1, byte 7)")]
    [InlineData("{\"a\":\"NaN\"}", "NaN")]
    [InlineData("{\"a\":\"-infinity\"}", "Infinity")]
    [InlineData("{\"a\":1e999}", "too large")]
    [InlineData("{}", "no value")]
    [InlineData("[]", "empty")]
    [InlineData("3", "needs its property")]
    [InlineData("{\"ts\":1.5,\"values\":{\"a\":1}}", "whole number")]
    [InlineData("{\"ts\":\"yesterday\",\"values\":{\"a\":1}}", "RFC 3339")]
    [InlineData("{\"ts\":1700000000,\"values\":{\"a\":1}}", "looks like seconds")]
    [InlineData("{\"ts\":1700000000000000,\"values\":{\"a\":1}}", "looks like microseconds")]
    [InlineData("{\"ts\":1700000000000000000,\"values\":{\"a\":1}}", "looks like nanoseconds")]
    [InlineData("{\"ts\":0,\"values\":{\"a\":1}}", "clock")]
    [InlineData("{\"ts\":9999999999999,\"values\":{\"a\":1}}", "clock")]
    [InlineData("{\"ts\":1950000000000,\"values\":{\"a\":1}}", "future")]
    [InlineData("{\"values\":[1]}", "not an object")]
    [InlineData("{\"values\":{\"a@b/c\":1}}", "name of a property")]
    [InlineData("[{\"n\":\"a\",\"v\":1}]", "SenML")]
    [InlineData("[[[[[[[[[[1]]]]]]]]]]", "not JSON")]
    public void Says_why_it_understood_nothing(string json, string why)
    {
        var reading = Read(json);
        Assert.Empty(reading.Rows);
        Assert.Contains(why, reading.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Results_of_a_model_carry_model_and_release_in_their_name()
    {
        var json = "{\"ts\":1700000000000,\"values\":{\"rul\":41.5},\"release\":\"rel_1\",\"input\":\"17\"}";
        var row = Assert.Single(InferenceReader.Read(Encoding.UTF8.GetBytes(json), "rul", Now).Rows);
        Assert.Equal(["rul@rel_1/rul"], row.Properties);
        Assert.Empty(InferenceReader.Read("{\"values\":{\"rul\":1}}"u8.ToArray(), "rul", Now).Rows);
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        var random = new Random(7);
        var seed = "{\"ts\":1700000000000,\"values\":{\"a\":1.5,\"b\":true}}"u8.ToArray();
        for (var i = 0; i < 5_000; i++)
        {
            var bytes = (byte[])seed.Clone();
            for (var j = random.Next(4); j >= 0; j--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            TelemetryReader.Read(bytes, "", Now);
            InferenceReader.Read(bytes, "m", Now);
            CloudEventReader.Read(bytes, [], "acme/x/y", Now);
            CloudEventReader.Read(bytes, [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_time", "x")], "acme/x/y", Now);
        }
    }

    private static TelemetryReading Read(string json, string property = "") => TelemetryReader.Read(Encoding.UTF8.GetBytes(json), property, Now);
}
