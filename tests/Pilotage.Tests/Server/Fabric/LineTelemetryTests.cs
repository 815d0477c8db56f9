using System.Text;
using Pilotage.Core;
using Pilotage.Protocols.LineProtocol;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Doors;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>What becomes of line protocol: which device, which property, and what is not stored.</summary>
public sealed class LineTelemetryTests : IAsyncLifetime
{
    private const int Seeds = 30;
    private static readonly TenantId Acme = new("acme");
    private static readonly long Now = Clock.ToNs(new DateTimeOffset(2026, 11, 23, 2, 0, 0, TimeSpan.Zero));
    private static readonly Principal Admin = new("admin", "administrator", Acme, [Roles.Admin], null);
    private readonly TestServerFolder _server = new();

    public Task InitializeAsync()
    {
        var edge = new DeviceId("edge-1");
        var fleet = _server.Get<IFleet>();
        Assert.True(fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/edge-1", Things.Edge, Hardware: "linux-x64") { Id = edge }]).IsOk);
        Assert.True(fleet.Declare(
            Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump", edge) { Id = new("p1") }, new DeviceDeclaration("acme/lyon/pump-2", "pump") { Id = new("p2") }]).IsOk);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("pump,device=p1 temp=1", "temp")]
    [InlineData("oil,device=p1 temp=1", "oil_temp")]
    [InlineData("oil,device=p1 value=1", "oil")]
    [InlineData("pump,device=p1 value=1", "pump")]
    [InlineData("cpu,device=p1,core=0 load=1", "cpu_load.core-0")]
    [InlineData("cpu,zone=b,device=p1,core=0 value=1", "cpu.core-0.zone-b")]
    [InlineData("pump,device=pump-1 temp=1", "temp")]
    [InlineData("pump,device=acme/lyon/pump-1 temp=1", "temp")]
    public void Tags_and_field_give_device_and_property(string line, string property)
    {
        var (shown, lines) = Read(line, Admin);
        Assert.Equal([$"p1 {Now} {property}=1"], shown);
        Assert.Equal(0, lines.Faults.Count);
    }

    [Fact]
    public void Lines_of_one_time_stand_in_one_row_and_devices_stay_apart()
    {
        var (shown, lines) = Read("pump,device=p1 a=1i 1700000000\noil,device=p1 b=t 1700000000\npump,device=p2 a=2 1700000000\npump,device=p1 a=3 1700000001", Admin, LinePrecision.Seconds);
        Assert.Equal(
            ["p1 1700000000000000000 a=1,oil_b=true", "p1 1700000001000000000 a=3", "p2 1700000000000000000 a=2"], shown);
        Assert.Equal(0, lines.Faults.Count);
    }

    [Fact]
    public void What_is_not_stored_is_named_and_the_rest_is_stored()
    {
        var (shown, lines) = Read(
            "pump,device=p9 a=1\npump a=1\npump,device=p1 a=1,state=\"on\",big=9007199254740993i,even=9007199254740992i\npump,device=p1 a=\npump,device=p1 a=1 1700000000\npump,device=p1,room=é a=1", Admin);
        Assert.Equal([$"p1 {Now} a=1,state=on,big=9007199254740993,even=9007199254740992"], shown);
        Assert.Equal(
            [
                ("line 1", "There is no device p9"), ("line 2", "the tag device is missing"), ("line 4, column 18", "the field \"a\" has no value"),
                ("line 5", "the timestamp lies outside 1980 to 2100"), ("line 6, field a", "\"a.room-é\" cannot be the name"),
            ],
            lines.Faults.Kept.Select(fault => (fault.Where, fault.Message)).Zip(Begins, (fault, begin) => (fault.Where, fault.Message.StartsWith(begin, StringComparison.Ordinal) ? begin : fault.Message)));
        Assert.Equal(1, lines.FirstFaultLine);
    }

    [Fact]
    public void A_device_writes_for_itself_and_for_those_behind_it_alone()
    {
        var edge = new Principal("edge-1", "edge-1", Acme, [Roles.Device], new DeviceId("edge-1"));
        var (shown, lines) = Read("x a=1\nx,device=edge-1 b=1\nx,device=p1 c=1\nx,device=p2 d=1", edge);
        Assert.Equal([$"edge-1 {Now} x_a=1,x_b=1", $"p1 {Now} x_c=1"], shown);
        Assert.Equal("line 4: edge-1 may send telemetry of its own and of devices behind it, not of p2", lines.Faults.Words());
    }

    [Fact]
    public void Nothing_is_taken_for_a_revoked_device()
    {
        _server.Get<IFleet>().Revoke(Acme, new DeviceId("p1"));
        var (shown, lines) = Read("pump,device=p1 a=1", Admin);
        Assert.Empty(shown);
        Assert.Contains("p1 was revoked", lines.Faults.Words(), StringComparison.Ordinal);
    }

    /// <summary>Lines that go straight into batches and lines that are put together by time leave the same points.</summary>
    [Fact]
    public async Task What_is_stored_is_the_same_whichever_way_a_line_takes()
    {
        string[] fields = ["a=1.5", "a=2", "a=7i", "b=t", "b=f", "s=\"x\"", "value=3", "a=1,b=t", "a=4,b=1", "w=5i,a=1", "w=6i"];
        var direct = 0;
        await using var right = new TestServerFolder();
        foreach (var server in new[] { _server, right })
        {
            var ids = Enumerable.Range(0, 2 * Seeds).Select(i => Own(i / 2, (i % 2) + 1));
            Assert.True(server.Get<IFleet>().Declare(Acme, [.. ids.Select(id => new DeviceDeclaration($"acme/nancy/{id}", "pump") { Id = new(id) })]).IsOk);
        }

        foreach (var seed in Enumerable.Range(0, Seeds))
        {
            var random = new Random(seed);
            string Line() => $"{(random.Next(2) == 0 ? "pump" : "other")},device={Own(seed, random.Next(1, 3))} {fields[random.Next(fields.Length)]} "
                + $"{(random.Next(5) == 0 ? random.Next(40) : random.Next(40, 400)) + (Now / 1_000_000_000) - 500}";
            var bodies = Enumerable.Range(0, 4).Select(_ => string.Join('\n', Enumerable.Range(0, 30).Select(_ => Line()))).ToList();

            // What the series hold is settled first: within one body, the first value in either order may be another.
            bodies.Insert(0, string.Join('\n', from measurement in new[] { "pump", "other" } from device in new[] { 1, 2 }
                select $"{measurement},device={Own(seed, device)} a=1,b=t,s=\"x\",value=3,w=5i {(Now / 1_000_000_000) - 1_000}"));
            foreach (var (server, isDirect) in new[] { (_server, true), (right, false) })
            {
                var (ingestion, book) = (server.Get<Ingestion>(), new LineBook(Admin, 0));
                foreach (var body in bodies)
                {
                    var lines = new LineTelemetry(book, Admin, server.Get<IFleet>(), LinePrecision.Seconds, Now, isDirect ? ingestion.Direct : null);
                    var messages = lines.Read(Encoding.UTF8.GetBytes(body)).Select(ingestion.Fit).ToList();
                    Assert.True(isDirect || lines.Direct.Rows == 0);
                    direct += lines.Direct.Rows;
                    await ingestion.StoreAsync(lines.Direct, Now);
                    await ingestion.StoreAsync(messages);
                }
            }
        }

        // Each seed has devices of its own, so a difference tells whose it is.
        var (stored, expected) = (Told(_server.Get<TimeSeriesStore>()), Told(right.Get<TimeSeriesStore>()));
        Assert.True(stored.Count > 40 * Seeds, $"{stored.Count} points are no test");
        Assert.Equal(expected, stored);
        Assert.InRange(direct, 200, 3_000);
    }

    private static string Own(int seed, int device) => $"s{seed}-{device}";

    private static List<string> Told(TimeSeriesStore store) => [.. store.Series(Acme, null).SelectMany(key =>
        store.ReadTyped(key, long.MinValue, long.MaxValue).Select(point => FormattableString.Invariant($"{key.Device} {key.Property} {point.TimeNs} {point.Value.Kind} {point.Value}")))];

    private static string[] Begins { get; } =
    [
        "There is no device p9", "the tag device is missing", "the field \"a\" has no value", "the timestamp lies outside 1980 to 2100",
        "\"a.room-é\" cannot be the name",
    ];

    private (List<string> Shown, LineTelemetry Lines) Read(string text, Principal who, LinePrecision precision = LinePrecision.Nanoseconds)
    {
        var lines = new LineTelemetry(new LineBook(who, 0), who, _server.Get<IFleet>(), precision, Now, direct: null);
        var shown = lines.Read(Encoding.UTF8.GetBytes(text)).SelectMany(message => message.Rows.Select(row =>
            FormattableString.Invariant($"{message.Device.Id} {row.TimeNs} {string.Join(',', row.Properties.Zip(row.Values, (name, value) => FormattableString.Invariant($"{name}={value}")))}")));
        return ([.. shown], lines);
    }
}
