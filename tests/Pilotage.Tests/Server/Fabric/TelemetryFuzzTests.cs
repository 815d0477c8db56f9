using System.Text;
using Pilotage.Core;
using Pilotage.Protocols.LineProtocol;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Doors;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>P10 behind the parsers: what doors make of mutated bodies can be stored, is the same however it is read, and throws nothing.</summary>
public sealed class TelemetryFuzzTests : IAsyncLifetime
{
    private static readonly int Rounds = TestSize.Count(20_000, 1_000_000);
    private static readonly TenantId Acme = new("acme");
    private static readonly long Now = Clock.ToNs(new DateTimeOffset(2026, 11, 23, 2, 0, 0, TimeSpan.Zero));
    private static readonly Principal Admin = new("admin", "administrator", Acme, [Roles.Admin], null);
    private readonly TestServerFolder _server = new();
    private Device _pump = null!;

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [.. new[] { "p1", "p2" }.Select(id => new DeviceDeclaration($"acme/lyon/{id}", "pump") { Id = new DeviceId(id) })]);
        _pump = _server.Get<IFleet>().Find(Acme, new DeviceId("p1"))!;
        var put = await new RequestPipeline(_server).AskAsync(
            "PUT", "/api/v1/things/pump/description",
            """{"@context":"https://www.w3.org/2022/wot/td/v1.1","title":"pump","properties":{"temp":{"type":"number","unit":"K"},"load":{"type":"number","unit":"%"},"a":{"type":"number","unit":"bar"}}}""");
        Assert.True(put.Status is 200 or 201, $"{put}");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public void Mutated_packs_become_rows_that_can_be_stored() => Fuzz(
        1,
        [
            Utf8("""[{"bn":"urn:dev:ow:1:","bu":"Cel","bt":1700000000,"n":"temp","v":23.1},{"n":"load","u":"/100","v":40,"s":7},{"n":"temp","t":60,"v":24}]"""),
            Utf8("""[{"n":"a","u":"hPa","v":1e3},{"n":"b","vs":"on"},{"n":"load","u":"%","v":0.5},{"n":"temp","u":"bar","v":1}]"""),
        ],
        Utf8("\"\\{}[],:_-+.eE0129 nvtbsu%/"),
        bytes => Packs(TelemetryForm.SenMLJson, bytes));

    [Fact]
    public void Mutated_packs_in_cbor_become_rows_that_can_be_stored() => Fuzz(
        2,
        [
            // [{-2: "u:", -4: "Cel", 0: "temp", 2: 1.5}], and [{0: "a", 1: "bar", 2: 100, 5: 3}, {0: "load", 1: "%", 2: 0.5}].
            Convert.FromHexString("81A42162753A236343656C006474656D7002F93E00"), Convert.FromHexString("82A4006161016362617202186405" + "03A300646C6F6164016125" + "02F93800"),
        ],
        Convert.FromHexString("00202122232425187818791A1B3B5B7B9B9FBFDFF4F5F6F7F9FAFBFFA0A18081C0C4"),
        bytes => Packs(TelemetryForm.SenMLCbor, bytes));

    [Fact]
    public void Mutated_lines_are_the_same_to_a_book_that_has_read_others_and_to_one_that_is_new()
    {
        var known = new LineBook(Admin, 0);
        Fuzz(
            3,
            [
                Utf8("pump,device=p1 temp=21.5,n=3i 1700000000000\npump,device=p1 temp=22 1700000001000\npump,device=p2 temp=1 1700000000000"),
                Utf8("oil,device=p1,zone=b value=1 1700000002000\npump,device=p1 temp=21.5,n=3i 1700000000000\npump,device=p3 x=1"), Utf8("cpu,device=p2 s=\"a b\",on=t\npump,device=p1 temp=4,n=4i"),
            ],
            Utf8("\n\r\t ,=\"\\#iu.-+eTf0129"),
            bytes =>
            {
                known = known.IsFull ? new LineBook(Admin, 0) : known;
                var (read, anew) = (Lines(bytes, known), Lines(bytes, new LineBook(Admin, 0)));
                Assert.Equal(anew, read);
                return read.Contains('@', StringComparison.Ordinal);
            });
    }

    private bool Packs(TelemetryForm form, byte[] bytes)
    {
        var (rows, _) = _server.Get<StatedUnits>().Converted(_pump, TelemetryForms.Read(form, bytes, Now, new ReadingFaults()), null);
        foreach (var row in rows)
        {
            Assert.True(row.Properties.Length == row.Values.Length && row.Properties.Length > 0 && row.Properties.Distinct(StringComparer.Ordinal).Count() == row.Properties.Length);
            Assert.All(row.Properties, property => Assert.True(TelemetryReader.IsProperty(property), property));
            Assert.All(row.Values, value => Assert.True(value.Kind != SeriesKind.Number || double.IsFinite(value.Number)));
            Assert.True(Timestamps.TryNanoseconds(row.TimeNs, Now, out var why), why);
        }

        return rows.Count > 0;
    }

    private string Lines(byte[] bytes, LineBook book)
    {
        var lines = new LineTelemetry(book, Admin, _server.Get<IFleet>(), LinePrecision.Milliseconds, Now, direct: null);
        var read = new StringBuilder();
        foreach (var message in lines.Read(bytes).OrderBy(message => message.Device.Id.Value, StringComparer.Ordinal))
        {
            foreach (var row in message.Rows)
            {
                read.Append(message.Device.Id.Value).Append('@').Append(row.TimeNs).AppendJoin(' ', row.Properties.Zip(row.Values, (property, value) => $"{property}={value.Kind}:{value}")).AppendLine();
            }
        }

        return read.AppendJoin('\n', lines.Faults.Kept.Select(fault => $"{fault.Where}: {fault.Message}")).ToString();
    }

    private static void Fuzz(int number, byte[][] seeds, byte[] telling, Func<byte[], bool> read)
    {
        var seed = (TestSize.Seed * 3) + number;
        var hostile = new HostileBytes(new Random(seed), seeds, telling);
        var good = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = hostile.Next();
            try
            {
                good += read(bytes) ? 1 : 0;
            }
            catch (Exception failure)
            {
                Assert.Fail($"seed {seed}, round {round}: {failure} for {Convert.ToHexString(bytes)}");
            }
        }

        // Both must occur often, or the fuzzer has lost its teeth.
        Assert.InRange(good, Rounds / 20, Rounds * 19 / 20);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
