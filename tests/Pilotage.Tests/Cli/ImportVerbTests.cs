using System.Globalization;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Core;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Tests.Server;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>Files of CSV on their way into a built server.</summary>
public sealed class ImportVerbTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly PipelineHandler _http;
    private readonly CliRun _run;

    public ImportVerbTests()
    {
        _http = new PipelineHandler(new RequestPipeline(_server));
        _run = new CliRun { Http = _http }.Connected();
    }

    public Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [
            new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new("p1") }, new DeviceDeclaration("acme/lyon/pump-2", "pump") { Id = new("p2") }]);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        _run.Dispose();
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("ts,load\n2026-01-01T00:00:00Z,1.5\n2026-01-01T00:00:01.25+01:00,-2e3\n", "-3598.75 -2000 | 0 1.5")]
    [InlineData("time,load\r\n1767225600,1\r\n1767225601.5,2\r\n", "0 1 | 1.5 2")]
    [InlineData("Timestamp,load\n1767225600000,1\n1767225600250,2\n", "0 1 | 0.25 2")]
    [InlineData("_time,load\n1767225600000000,1\n", "0 1")]
    [InlineData("ts,load\n1767225600000000001,1\n", "0.000000001 1")]
    [InlineData("load;Zeit\n1,5;01.01.2026 00:00:00\n2;13.01.2026 00:00:00\n", "0 1.5 | 1036800 2")]
    [InlineData("date\tload\n2026/01/01 00:00:00\t1\n", "0 1")]
    [InlineData("when,load\n2026-01-01,1\n2026-01-02 00:00,2\n", "0 1 | 86400 2")]
    [InlineData("when|load\n12/31/2025 23:59:59|1\n01/01/2026 00:00:00|2\n", "-1 1 | 0 2")]
    [InlineData("\uFEFFts,load\n2026-01-01T00:00:00Z,\"1\"\n\n2026-01-01T00:00:01Z,\n2026-01-01T00:00:02Z,NaN\n2026-01-01T00:00:03Z,4\n", "0 1 | 3 4")]
    public async Task A_file_is_understood_by_what_is_in_it(string csv, string expected)
    {
        Assert.Equal((ExitCode.Done, ""), (await ImportAsync(csv, "--device", "p1"), Wrong()));
        Assert.Equal(expected, Points("p1", "load"));
    }

    [Fact]
    public async Task A_dialect_can_be_said_and_clocks_that_jump_are_heeded()
    {
        // In the night of 29 March 2026 there is no 02:30 in Berlin; in that of 25 October 2025 there are two.
        const string Csv = "Wann#Last#Temp (°C)#Rest\n28.03.26 12.00#1,5#20#x\n29.03.26 02.30#2#21#y\n26.10.25 02.30#3#22#z\n";
        var exit = await ImportAsync(
            Csv, "--device", "lyon-1", "--time", "Wann", "--time-format", "dd.MM.yy HH.mm", "--timezone", "Europe/Berlin", "--delimiter", "#", "--decimal", ",", "--columns", "Last=load,Temp (°C)=temp");
        Assert.Equal(ExitCode.NotFound, exit);
        exit = await ImportAsync(
            Csv, "--device", "pump-1", "--time", "Wann", "--time-format", "dd.MM.yy HH.mm", "--timezone", "Europe/Berlin", "--delimiter", "#", "--decimal", ",", "--columns", "Last=load,Temp (°C)=temp");
        Assert.Equal(ExitCode.PartlyDone, exit);
        Assert.Contains("line 3, Wann: 2026-03-29 02:30:00 is no time in Europe/Berlin: clocks were put forward over it", _run.Error, StringComparison.Ordinal);
        Assert.Equal($"{Seconds("2025-10-26T01:30:00Z")} 3 | {Seconds("2026-03-28T11:00:00Z")} 1.5", Points("p1", "load"));
        Assert.Equal($"{Seconds("2025-10-26T01:30:00Z")} 22 | {Seconds("2026-03-28T11:00:00Z")} 20", Points("p1", "temp"));
        Assert.Equal("", Points("p1", "Rest"));
    }

    [Fact]
    public async Task A_preview_says_what_becomes_of_every_column_and_stores_nothing()
    {
        const string Csv = "ts,Temp (°C),state,on,Temp_C,ts \n2026-01-01T00:00:00,1.5,run,true,7,1\n2026-01-01T00:00:01,2,stop,false,8,2\n";
        Assert.Equal(ExitCode.Done, await ImportAsync(Csv, "--device", "p1", "--dry-run", "-o", "json"));
        var columns = JsonNode.Parse(_run.Output)!["items"]!.AsArray();
        Assert.Equal(
            ["ts:  time", "Temp (°C): Temp_C number named anew", "state: state text", "on: on truth", "Temp_C:  skipped would be Temp_C, as Temp (°C) is", "ts:  skipped ts is what the time is called; give it another name with --columns"],
            columns.Select(column => $"{column!["column"]}: {column["property"]} {column["kind"]} {column["note"]}".TrimEnd()));
        Assert.Equal("1.5,2", string.Join(',', columns[1]!["first"]!.AsArray()));
        Assert.Contains("note: times without an offset are read as UTC", _run.Error, StringComparison.Ordinal);
        Assert.Contains("',' between cells, '.' before decimals; times in 'ts' as iso, UTC; device p1", _run.Error, StringComparison.Ordinal);
        Assert.Empty(_http.Changes);
        Assert.Empty(_server.Get<TimeSeriesStore>().Series(Acme, null));
    }

    [Fact]
    public async Task What_is_wrong_is_named_by_line_and_column_and_the_rest_is_stored()
    {
        var csv = "ts,load,name\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"{1_767_225_600_000 + i},{i},n{i}\n"))
            + "oops,1,a\n1767225601000,fast,b\n1767225602000,5\n1767225603000,\"6\" x,c\n100000000000,7,d\n1767225604000,8,\"multi\nline\"\n1767225605000,9,e\"f\n1767225606000,10,g\n";
        Assert.Equal(ExitCode.PartlyDone, await ImportAsync(csv, "--device", "p1", "-o", "json"));
        var wrong = JsonNode.Parse(_run.Output)!["wrong"]!.AsArray().Select(one => $"{one!["line"]} {one["column"]}: {one["why"]}");
        Assert.Equal(
            [
                "42 ts: 'oops' is no number of time", "43 load: 'fast' is no number", "44 : it has another number of cells than the header",
                "45 : something follows the quotation mark that closes a cell", "46 ts: '100000000000' lies outside 1980 to 2100",
                "49 : a quotation mark stands inside a cell that does not begin with one",
            ],
            wrong);
        Assert.Equal((43, 5, 1), ((int)Result("rows"), (int)Result("rowsLeftOut"), (int)Result("cellsLeftOut")));
        Assert.EndsWith("4 8 | 6 10", Points("p1", "load"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strict_stores_a_file_whole_or_not_at_all()
    {
        var csv = "ts,load\n1767225600000,1\n1767225601000,x\n" + string.Concat(Enumerable.Range(2, 20).Select(i => $"{1_767_225_600_000 + (i * 1_000)},1\n"));
        Assert.Equal(ExitCode.Refused, await ImportAsync(csv, "--device", "p1", "--strict"));
        Assert.Contains("error: line 3, load: 'x' is no number", _run.Error, StringComparison.Ordinal);
        Assert.Empty(_http.Changes);
        Assert.Equal(ExitCode.Done, await ImportAsync("ts,load\n1767225600000,1\n", "--device", "p1", "--strict"));
        Assert.Single(_http.Changes);
        Assert.Equal("0 1", Points("p1", "load"));
    }

    [Fact]
    public async Task A_long_file_goes_in_several_requests_and_twice_is_stored_once()
    {
        const int Rows = 40_000;
        var csv = "ts,load,temp\n" + string.Concat(Enumerable.Range(0, Rows).Select(i => $"{1_767_225_600_000 + i},{i},{i / 8.0}\n"));
        Assert.Equal(ExitCode.Done, await ImportAsync(csv, "--device", "p1"));
        Assert.InRange(_http.Changes.Count, 2, 10);
        Assert.Equal(ExitCode.Done, await ImportAsync(csv, "--device", "p1"));
        var store = _server.Get<TimeSeriesStore>();
        var load = new SeriesKey(Acme, new DeviceId("p1"), "load");
        Assert.Equal((Rows, Rows, 0), (store.PointsTouched(load, long.MinValue, long.MaxValue), store.Statistics(load).Repeated, store.Statistics(load).Overwritten));
        Assert.Equal(Enumerable.Range(0, Rows).Select(i => i / 8.0), store.Read(load with { Property = "temp" }, 0, long.MaxValue).Select(point => point.Value));
    }

    [Fact]
    public async Task A_column_names_the_device_of_each_row_by_any_of_its_names()
    {
        const string Csv = "ts,machine,load\n1767225600000,p1,1\n1767225600000,pump-2,2\n1767225601000,acme/lyon/pump-1,3\n1767225601000,p9,4\n1767225602000,,5\n";
        Assert.Equal(ExitCode.PartlyDone, await ImportAsync(Csv, "--device-column", "machine"));
        Assert.Equal(("0 1 | 1 3", "0 2"), (Points("p1", "load"), Points("p2", "load")));
        Assert.Contains("line 5, machine: there is no device 'p9'\nline 6, machine: there is no device ''\n", _run.Error, StringComparison.Ordinal);
        Assert.Equal(2, _http.Changes.Count);
    }

    [Fact]
    public async Task What_a_series_holds_already_decides_how_cells_are_read()
    {
        var store = _server.Get<TimeSeriesStore>();
        var batch = new PointBatch();
        batch.Add(new SeriesKey(Acme, new DeviceId("p1"), "load"), 1_767_225_599_000_000_000, 6, Quality.Good, 0);
        batch.Add(new SeriesKey(Acme, new DeviceId("p1"), "code"), 1_767_225_599_000_000_000, SeriesValue.OfText("0"), Quality.Good, 0);
        await store.AppendAsync(batch, null, default);
        Assert.Equal(ExitCode.PartlyDone, await ImportAsync("ts,load,code\n1767225600000,slow,1\n1767225601000,7,2\n", "--device", "p1"));
        Assert.Contains("its series holds number", _run.Error, StringComparison.Ordinal);
        Assert.Contains("its series holds text", _run.Error, StringComparison.Ordinal);
        Assert.Contains("line 2, load: 'slow' is no number", _run.Error, StringComparison.Ordinal);
        Assert.Equal("-1 6 | 1 7", Points("p1", "load"));
        Assert.Equal(["0", "1", "2"], store.ReadTyped(new SeriesKey(Acme, new DeviceId("p1"), "code"), 0, long.MaxValue).Select(point => point.Value.Text));
    }

    [Fact]
    public async Task Of_a_series_that_is_empty_the_thing_type_decides_how_cells_are_read()
    {
        const string Pump = """{"@context":"https://www.w3.org/2022/wot/td/v1.1","title":"Pump","properties":{"load":{"type":"number"},"code":{"type":"string"},"on":{"type":"boolean"}}}""";
        Assert.Equal(200, (await new RequestPipeline(_server).AskAsync("PUT", "/api/v1/things/pump/description", Pump, mediaType: "application/td+json")).Status);
        Assert.Equal(ExitCode.PartlyDone, await ImportAsync("ts,load,code,on\n1767225600000,10,1,1\n1767225601000,hot,2,0\n1767225602000,200,3,1\n1767225603000,20,4,0\n", "--device", "p1"));
        Assert.Contains("line 3, load: 'hot' is no number", _run.Error, StringComparison.Ordinal);
        Assert.Contains("its thing type describes number", _run.Error, StringComparison.Ordinal);
        Assert.Equal("0 10 | 2 200 | 3 20", Points("p1", "load"));
        var store = _server.Get<TimeSeriesStore>();
        Assert.Equal((SeriesKind.Text, SeriesKind.Truth), (store.KindOf(new SeriesKey(Acme, new DeviceId("p1"), "code")), store.KindOf(new SeriesKey(Acme, new DeviceId("p1"), "on"))));
    }

    [Fact]
    public async Task One_time_that_is_wrong_costs_its_row_however_short_the_file_is()
    {
        Assert.Equal(ExitCode.PartlyDone, await ImportAsync("ts,load\n2026-01-01T00:00:00Z,1\noops,2\n2026-01-01T00:00:02Z,3\n", "--device", "p1"));
        Assert.Contains("line 3, ts: 'oops' is no time such as", _run.Error, StringComparison.Ordinal);
        Assert.Equal("0 1 | 2 3", Points("p1", "load"));
    }

    [Fact]
    public async Task A_file_of_which_nothing_is_stored_is_not_done()
    {
        Assert.Equal(ExitCode.PartlyDone, await ImportAsync("ts,load\n2026-01-01T00:00:00Z,\n2026-01-01T00:00:02Z,NaN\n", "--device", "p1"));
        Assert.Contains("nothing of the file was stored", _run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_preview_tells_what_the_series_of_each_device_hold()
    {
        var batch = new PointBatch();
        batch.Add(new SeriesKey(Acme, new DeviceId("p1"), "n"), 1_767_225_599_000_000_000, SeriesValue.OfWhole(5), Quality.Good, 0);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
        const string Csv = "ts,machine,n,load\n1767225600000,p1,1,2\n1767225600000,pump-2,2,3\n1767225600000,p9,2,3\n";
        Assert.Equal(ExitCode.Done, await ImportAsync(Csv, "--device-column", "machine", "--dry-run", "-o", "json"));
        Assert.Equal(
            ["n: whole or number of p1: its series holds whole", "load: number "],
            JsonNode.Parse(_run.Output)!["items"]!.AsArray().Skip(2).Select(column => $"{column!["column"]}: {column["kind"]} {column["note"]}"));

        using var alone = new CliRun { Http = _http }.Connected();
        File.WriteAllText(Path.Combine(alone.Directory, "in.csv"), "ts,n\n1767225600000,1\n");
        Assert.Equal(ExitCode.Done, await alone.RunAsync("data", "import", "in.csv", "--device", "p1", "--dry-run", "-o", "json"));
        Assert.Equal("whole", (string?)JsonNode.Parse(alone.Output)!["items"]![1]!["kind"]);
    }

    [Theory]
    [InlineData("when,load\n01/02/2026 00:00:00,1\n", ExitCode.Usage, "times in when can be read in two ways; the first is '01/02/2026 00:00:00'", "--time-format 'dd/MM/yyyy HH:mm:ss'")]
    [InlineData("a,b\n1,2\n", ExitCode.Usage, "no column of times was found", "--time COLUMN")]
    [InlineData("ts,load\n2026-01-01,1\noops,2\nno,3\n2026-01-02,4\n", ExitCode.Usage, "line 3, ts: 'oops' is no time such as", "--time-format iso")]
    [InlineData("ts\n1\n", ExitCode.Usage, "in.csv has one column only", "--delimiter")]
    [InlineData("", ExitCode.Usage, "in.csv is empty", "with a header")]
    [InlineData("ts,load\n", ExitCode.Usage, "in.csv has no row below its header", "")]
    [InlineData("1767225600000,1\n1767225601000,2\n", ExitCode.Usage, "the first line of in.csv holds values", "a first line such as")]
    [InlineData("ts,°\n2026-01-01,2\n", ExitCode.Usage, "no column is left to store", "--columns")]
    [InlineData("ts,load\n2026-01-01,2\n", ExitCode.Usage, "--time: there is no column 'Zeit'", "--time 'ts'", "--time", "Zeit")]
    [InlineData("ts,load\n2026-01-01,2\n", ExitCode.Usage, "--timezone: there is no time zone 'Mars'", "Europe/Paris", "--timezone", "Mars")]
    [InlineData("ts,load\n2026-01-01,2\n", ExitCode.Usage, "--time-format: 'Q' is no form of time", "dd.MM.yyyy", "--time-format", "Q")]
    [InlineData("ts,load\n2026-01-01,2\n", ExitCode.Usage, "--columns: 'a b' cannot be the name of a property", "load=a_b", "--columns", "load=a b")]
    [InlineData("ts,load\n2026-01-01,2\n", ExitCode.Usage, "--delimiter: 'x' cannot stand between cells", "tab", "--delimiter", "x")]
    [InlineData("ts,load\n2026-01-01,2\n", ExitCode.Usage, "--decimal: ';' stands before no decimals", "--decimal ,", "--decimal", ";")]
    public async Task What_cannot_be_guessed_or_read_is_asked_for(string csv, int exit, string error, string tryThis, params string[] arguments)
    {
        Assert.Equal(exit, await ImportAsync(csv, ["--device", "p1", .. arguments]));
        Assert.Contains($"error: {error}", _run.Error, StringComparison.Ordinal);
        Assert.Contains(tryThis, _run.Error, StringComparison.Ordinal);
        Assert.Empty(_http.Changes);
    }

    [Fact]
    public async Task A_device_must_be_said_and_a_file_be_there()
    {
        Assert.Equal(ExitCode.Usage, await ImportAsync("ts,load\n2026-01-01,2\n"));
        Assert.Equal(ExitCode.Usage, await ImportAsync("ts,load\n2026-01-01,2\n", "--device", "p1", "--device-column", "ts"));
        Assert.Equal(ExitCode.NotFound, await _run.RunAsync("data", "import", "nowhere.csv", "--device", "p1"));
        Assert.Contains("cannot read nowhere.csv", _run.Error, StringComparison.Ordinal);
    }

    private Task<int> ImportAsync(string csv, params string[] arguments)
    {
        File.WriteAllText(Path.Combine(_run.Directory, "in.csv"), csv);
        return _run.RunAsync(["data", "import", "in.csv", .. arguments]);
    }

    private string Wrong() => string.Join('\n', _run.Error.Split('\n').Where(line => line.StartsWith("line ", StringComparison.Ordinal) || line.StartsWith("error:", StringComparison.Ordinal)));

    private JsonNode Result(string name) => JsonNode.Parse(_run.Output)![name]!;

    /// <summary>Seconds since the beginning of 2026, and values.</summary>
    private string Points(string device, string property) => string.Join(" | ", _server.Get<TimeSeriesStore>()
        .Read(new SeriesKey(Acme, new DeviceId(device), property), long.MinValue, long.MaxValue)
        .Select(point => string.Create(CultureInfo.InvariantCulture, $"{(point.TimeNs / 1e9m) - 1_767_225_600:0.#########} {point.Value:0.###}")));

    private static string Seconds(string time) => $"{DateTimeOffset.Parse(time, CultureInfo.InvariantCulture).ToUnixTimeSeconds() - 1_767_225_600}";
}
