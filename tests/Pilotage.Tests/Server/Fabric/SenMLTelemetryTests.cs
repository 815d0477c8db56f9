using System.Text;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Hosting;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Telemetry in whatever form it comes: which reader it gets, and what becomes of a pack of SenML.</summary>
public sealed class SenMLTelemetryTests
{
    private const string Pack = """[{"bn":"urn:dev:ow:10e2073a01080063:","bt":1700000000,"n":"temperature","u":"Cel","v":23.1},{"n":"humidity","u":"%RH","v":40},{"n":"temperature","u":"Cel","t":60,"v":24}]""";

    private static readonly long Now = Clock.ToNs(new DateTimeOffset(2026, 11, 23, 2, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("urn:dev:ow:10e2073a01080063:temperature", "temperature")]
    [InlineData("urn:dev:ow:10e2073a01080063:oil_temperature", "oil_temperature")]
    [InlineData("urn:dev:ow:10e2073a01080063_temperature", "temperature")]
    [InlineData("urn:dev:ow:10e2073a01080063_motor_speed", "motor_speed")]
    [InlineData("urn:dev:ow:10e2073a01080063", "10e2073a01080063")]
    [InlineData("urn:dev:mac:0024befffe804ff1/temperature", "temperature")]
    [InlineData("2001:db8::2/temperature", "temperature")]
    [InlineData("pump_7", "pump_7")]
    [InlineData("a:b.c-d", "b.c-d")]
    public void The_property_is_what_follows_the_device_in_the_name(string name, string property) =>
        Assert.Equal(property, SenMLTelemetry.PropertyOf(name));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("application/senml+json")]
    [InlineData("application/SenML+JSON; charset=utf-8")]
    [InlineData("application/json")]
    [InlineData("application/octet-stream")]
    public void A_pack_becomes_a_row_for_each_time(string? contentType)
    {
        var reading = Read(Pack, contentType);
        Assert.Null(reading.Fault);
        Assert.Equal([1_700_000_000_000_000_000, 1_700_000_060_000_000_000], reading.Rows.Select(row => row.TimeNs));
        Assert.Equal(["temperature", "humidity"], reading.Rows[0].Properties);
        Assert.Equal([23.1, 40], Numbers(reading.Rows[0]));
        Assert.Equal([24], Numbers(reading.Rows[1]));
    }

    [Theory]
    [InlineData("application/senml+cbor")]
    [InlineData(null)]
    public void Cbor_is_known_by_its_type_or_by_its_first_byte(string? contentType)
    {
        // [{-2: "urn:dev:ow:1:", 0: "a", 2: 1.5}]
        var payload = Convert.FromHexString("81A3216D75726E3A6465763A6F773A313A00616102F93E00");
        var reading = TelemetryForms.Read(contentType, payload, "", Now);
        Assert.Null(reading.Fault);
        var row = Assert.Single(reading.Rows);
        Assert.Equal((Now, "a", 1.5), (row.TimeNs, Assert.Single(row.Properties), Assert.Single(row.Values).Number));
    }

    [Fact]
    public void What_cannot_be_stored_costs_its_value_and_is_named()
    {
        var faults = new ReadingFaults();
        var pack = Encoding.UTF8.GetBytes(
            """
            [{"bn":"urn:dev:ow:1:","n":"temp","u":"Cel","v":23.1,"s":5},{"n":"label","vs":"Machine Room"},{"n":"open","vb":true},{"n":"nfc","vd":"aGk"},
             {"n":"old","bt":300000000,"v":1},{"n":"late","bt":1900000000,"v":1},{"bt":0,"n":"urn:dev:ow:1:","v":1}]
            """);
        var row = Assert.Single(TelemetryForms.Read(TelemetryForm.Json, pack, Now, faults));
        Assert.Equal(["temp", "temp.sum", "label", "open"], row.Properties);
        Assert.Equal(["23.1", "5", "Machine Room", "true"], row.Values.Select(value => value.ToString()));
        Assert.Equal(Starts.Length, faults.Count);
        Assert.All(faults.Kept.Zip(Starts), pair => Assert.StartsWith(pair.Second, $"{pair.First.Where}: {pair.First.Message}", StringComparison.Ordinal));
        Assert.EndsWith("(and 3 more)", faults.Words(), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_devices_in_one_pack_do_not_overwrite_each_other_and_neither_do_two_units()
    {
        var reading = Read("""[{"bn":"2001:db8::2/","n":"temperature","u":"Cel","v":27.2},{"bn":"2001:db8::1/","n":"temperature","u":"Cel","v":12.3}]""", null);
        Assert.Equal([27.2], Numbers(Assert.Single(reading.Rows)));
        Assert.Contains("2001:db8::1/temperature would be the same property as 2001:db8::2/temperature of record 0", reading.Fault, StringComparison.Ordinal);

        reading = Read("""[{"bn":"urn:dev:ow:1","bu":"%RH","v":20},{"u":"lon","v":24.3},{"t":-60,"u":"lat","v":60}]""", null);
        Assert.Equal([20], Numbers(Assert.Single(reading.Rows)));
        Assert.Contains("record 1: urn:dev:ow:1 is in lon here and in %RH in record 0", reading.Fault, StringComparison.Ordinal);
        Assert.EndsWith("(and 1 more)", reading.Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[{"n":"a","v":1,"x_":2}]""", null, "pack: SenML: record 0: \"x_\" must be understood")]
    [InlineData("{\"a\":1}", "application/senml+json", "record 0, n: is missing")]
    [InlineData("[]", "application/senml+json", "pack: there is no value in the pack")]
    [InlineData("", "application/senml+cbor", "pack: SenML: not CBOR")]
    [InlineData("""{"n":5,"a":1}""", null, "n and bn belong to SenML")]
    [InlineData("<a/>", "text/xml", "nobody reads \"text/xml\" here; send application/json")]
    public void What_is_no_pack_says_why(string payload, string? contentType, string says)
    {
        var reading = Read(payload, contentType);
        Assert.Empty(reading.Rows);
        Assert.StartsWith(says, reading.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pack_below_a_property_is_refused_and_plain_json_is_read_as_ever()
    {
        Assert.Contains("go to _tele", TelemetryForms.Read("application/senml+json", Encoding.UTF8.GetBytes(Pack), "speed", Now).Fault, StringComparison.Ordinal);
        Assert.Equal([7.5], Numbers(Assert.Single(TelemetryForms.Read("text/plain", "7.5"u8.ToArray(), "speed", Now).Rows)));
        Assert.Equal(["nn"], Assert.Single(Read("""{"nn":1,"values":{"nn":2}}""", "application/json").Rows).Properties);
    }

    [Fact]
    public void Lines_of_json_are_read_one_by_one_and_a_bad_one_is_named()
    {
        var faults = new ReadingFaults();
        var lines = Encoding.UTF8.GetBytes("{\"ts\":1700000000000,\"values\":{\"a\":1}}\r\n\n  \n{\"a\":\n[{\"a\":2},{\"a\":3}]\n{\"b\":\"x\"}");
        var rows = TelemetryForms.Read(TelemetryForm.JsonLines, lines, Now, faults);
        Assert.Equal([1, 2, 3], rows.Take(3).Select(row => row.Values[0].Number));
        Assert.Equal(["line 4"], faults.Kept.Select(fault => fault.Where));
    }

    private static string[] Starts { get; } =
        ["record 3, vd: holds bytes", "record 4: ts lies outside", "record 5: ts lies more than a day", "record 6: \"\" cannot be the name"];

    private static IEnumerable<double> Numbers(TelemetryRow row) => row.Values.Select(value => value.Number);

    private static TelemetryReading Read(string payload, string? contentType) => TelemetryForms.Read(contentType, Encoding.UTF8.GetBytes(payload), "", Now);
}
