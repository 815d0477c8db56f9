using Pilotage.Cli.Frame;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>Results for programs: cells that can be read back, names that can be handed on, and times that are written once for all verbs.</summary>
public sealed class MachineFormTests
{
    private const string Hour = "2025-12-31T23%3A00%3A00.0000000%2B00%3A00";
    private const string Now = "2026-01-01T00%3A00%3A00.0000000%2B00%3A00";

    [Fact]
    public async Task Cells_of_CSV_are_empty_or_exact_and_headers_are_called_as_in_JSON()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "GET /api/v1/series?limit=50000",
            """
            {"items":[{"device":"p1","path":"acme/p1","property":"load","kind":"number","unit":null,"lastTime":"2026-01-01T00:00:00Z","lastValue":0.30000000000000004,"quality":"good","score":99.123456},
            {"device":"p1","path":"acme/p1","property":"state","kind":"text","unit":null,"lastTime":"2026-01-01T00:00:00Z","lastValue":"a,\"b\"","quality":"good"}]}
            """);
        Assert.Equal(ExitCode.Done, await run.RunAsync("data", "list", "-o", "csv"));
        Assert.Equal(
            "device,property,lastTime,lastValue,unit,quality,score,path\np1,load,2026-01-01T00:00:00Z,0.30000000000000004,,good,99.123456,acme/p1\np1,state,2026-01-01T00:00:00Z,\"a,\"\"b\"\"\",,good,,acme/p1\n",
            run.Output);
    }

    [Fact]
    public async Task Windows_in_CSV_have_every_digit_and_nothing_where_there_is_nothing()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "GET /api/v1/series/aggregates?property=load&fn=avg%2Cmax",
            """{"property":"load","unit":null,"columns":["ms","avg","max"],"items":[{"group":"p1","points":[[1767225600000,0.1234567890123,1e-300],[1767225660000,null,7]]}]}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("data", "query", "load", "--fn", "avg,max", "-o", "csv"));
        Assert.Equal("group,from,avg,max,unit,rank\np1,2026-01-01T00:00:00Z,0.1234567890123,1e-300,,\np1,2026-01-01T00:01:00Z,,7,,\n", run.Output);
    }

    [Fact]
    public async Task Columns_of_CSV_hold_what_the_JSON_holds()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/messages/bad", """{"items":[{"device":"p1","topic":"t","received":"now","reason":"not JSON","payloadBase64":"eyJ0cyI6"}]}""");
        run.Server.Answer("POST /api/v1/enrolments", """{"items":[{"device":"p1","path":"acme/p1","code":"c","expiresAt":"2026-01-08T00:00:00Z"}]}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "bad", "-o", "csv"));
        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "enroll", "p1", "--path", "acme/p1", "--thing", "pump", "-o", "csv"));
        Assert.Equal("received,device,reason,payloadBase64,topic\nnow,p1,not JSON,eyJ0cyI6,t\ndevice,code,expiresAt,path\np1,c,2026-01-08T00:00:00Z,acme/p1\n", run.Output);
    }

    [Theory]
    [InlineData("""{"items":[{"device":"p1","property":"load"},{"device":"p2","property":"temp"}]}""", "GET /api/v1/series?limit=50000", "p1/load\np2/temp\n", "data", "list")]
    [InlineData("""{"items":[{"thing":"pump","properties":3}]}""", "GET /api/v1/contracts", "pump\n", "contract", "list")]
    [InlineData("""{"items":[{"from":"fan","relation":"feeds","to":"motor"}]}""", "GET /api/v1/relations?limit=10000", "fan\n", "asset", "relations")]
    [InlineData("""{"items":[{"property":"load","lastValue":1}]}""", "GET /api/v1/devices/p1/series", "load\n", "device", "values", "p1")]
    public async Task A_name_is_one_that_the_next_command_takes(string answer, string request, string expected, params string[] words)
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(request, answer);
        Assert.Equal(ExitCode.Done, await run.RunAsync([.. words, "-o", "name"]));
        Assert.Equal(expected, run.Output);
    }

    [Fact]
    public async Task A_timeline_in_CSV_is_not_cut_for_a_screen()
    {
        using var run = new CliRun().Connected();
        var data = $$"""{"why":"{{new string('x', 200)}}"}""";
        run.Server.Answer(
            "GET /api/v1/devices/p1/timeline",
            $$"""{"device":"p1","series":[],"events":[{"position":1,"type":"stop","source":"/s","id":"7","at":"2025-12-31T23:50:01Z","data":{{data}}}]}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("data", "timeline", "p1", "-o", "csv"));
        Assert.Equal($"time,kind,name,value,unit,source,id\n2025-12-31T23:50:01Z,event,stop,\"{data.Replace("\"", "\"\"", StringComparison.Ordinal)}\",,/s,7\n", run.Output);
    }

    [Theory]
    [InlineData("-o", "json")]
    [InlineData("-o", "yaml")]
    [InlineData("--json", "load")]
    public async Task An_export_is_a_table_and_says_so(params string[] form)
    {
        using var run = new CliRun().Connected();
        Assert.Equal(ExitCode.Usage, await run.RunAsync(["data", "export", "--device", "p1", .. form]));
        Assert.StartsWith($"error: an export is no {(form[0] == "--json" ? "json" : form[1])}\n", run.Error, StringComparison.Ordinal);
        Assert.Contains("pilotage data sql", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Server.Requests);
    }

    [Theory]
    [InlineData("GET /api/v1/series/aggregates?property=load", "{}", "data", "query", "load")]
    [InlineData("GET /api/v1/series/join?series=p1%2Fa%2Cp1%2Fb", "{}", "data", "join", "p1/a", "p1/b")]
    [InlineData("GET /api/v1/series/correlation?series=p1%2Fa%2Cp1%2Fb", "{}", "data", "correlate", "p1/a", "p1/b")]
    [InlineData("GET /api/v1/series/export?device=p1", "ts", "data", "export", "--device", "p1")]
    [InlineData("GET /api/v1/devices/p1/timeline?", "{}", "data", "timeline", "p1")]
    [InlineData("DELETE /api/v1/devices/p1/series?", "{}", "data", "delete", "p1", "--yes")]
    public async Task A_time_may_be_so_long_ago_wherever_one_is_taken(string request, string answer, params string[] words)
    {
        using var run = new CliRun { Time = new ManualTime() }.Connected();
        var times = $"from={Hour}&to={Now}";
        run.Server.Answer($"{request}{(request.EndsWith('?') ? "" : "&")}{times}{(words[1] == "timeline" ? "&points=10" : "")}", answer);
        Assert.Equal(ExitCode.Done, await run.RunAsync([.. words, "--from", "-1h", "--to", "now"]));
        Assert.Equal(ExitCode.Usage, await run.RunAsync([.. words, "--from", "-1x"]));
        Assert.Contains("--from: '1x' is no time", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_question_in_SQL_takes_such_a_time_too()
    {
        using var run = new CliRun { Time = new ManualTime() }.Connected();
        run.Server.Answer("POST /api/v1/sql", """{"columns":[{"name":"n"}],"items":[[1]]}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("data", "sql", "SELECT COUNT(*) AS n FROM pump", "--from", "-1h"));
        Assert.Contains("\"from\":\"2025-12-31T23:00:00.0000000+00:00\"", run.Server.Requests[0].Body.Replace("\\u002B", "+", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
