using System.Text;
using Pilotage.Edge.Worker;
using Pilotage.Streams;
using Xunit;

namespace Pilotage.Tests.Edge;

public sealed class TelemetryRowsTests
{
    private readonly TelemetryRows _rows = new(new ThingSchema("pump", [new("a", null), new("b", null), new("on", null, ThingPropertyType.Boolean), new("state", null, ThingPropertyType.Text)]));

    [Fact]
    public void Reads_the_usual_form()
    {
        var row = Assert.Single(Read("""{"ts":1700000000123,"values":{"b":2.5,"a":1,"other":7}}"""));

        Assert.Equal(1_700_000_000_123_000_000, row.TimeNs);
        Assert.Equal([1, 2.5, double.NaN, double.NaN], row.Values);
    }

    [Fact]
    public void Reads_an_array_in_order() =>
        Assert.Equal([1_000_000, 2_000_000], Read("""[{"ts":1,"values":{"a":1}},{"ts":2,"values":{"a":2}}]""").Select(row => row.TimeNs));

    [Fact]
    public void Stamps_a_bare_object_on_arrival() => Assert.Equal((77, 3d), Read("""{"a":3}""").Select(row => (row.TimeNs, row.Values[0])).Single());

    [Fact]
    public void Reads_one_value_below_its_property() => Assert.Equal(4.5, Read("4.5", "b").Single().Values[1]);

    [Fact]
    public void Reads_rfc_3339_and_booleans()
    {
        var row = Read("""{"ts":"2026-01-01T00:00:00.5Z","values":{"on":true}}""").Single();

        Assert.Equal((1_767_225_600_500_000_000, 1d), (row.TimeNs, row.Values[2]));
    }

    [Theory]
    [InlineData("\"F12\"", "F12")]
    [InlineData("{\"code\": 12}", "{\"code\": 12}")]
    [InlineData("[1,2]", "[1,2]")]
    public void Reads_texts_and_documents(string value, string expected) => Assert.Equal(expected, Read($"{{\"ts\":1,\"values\":{{\"state\":{value}}}}}").Single().Texts[3]);

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"ts\":\"yesterday\",\"values\":{\"a\":1}}")]
    [InlineData("{\"ts\":1,\"values\":{\"unknown\":1}}")]
    [InlineData("{\"ts\":1,\"values\":{\"a\":\"text\"}}")]
    [InlineData("{\"ts\":1,\"values\":{\"state\":5}}")]
    public void Leaves_out_what_is_not_telemetry(string payload) => Assert.Empty(Read(payload));

    private IReadOnlyList<TelemetryRow> Read(string payload, string property = "") =>
        _rows.Read(Encoding.UTF8.GetBytes(payload), property, receivedNs: 77);
}
