using System.Net;
using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>Thing types, and questions in a unit.</summary>
public sealed class ThingVerbTests
{
    private const string Model = """{"@context":"https://www.w3.org/2022/wot/td/v1.1","@type":["tm:ThingModel"],"title":"Pump"}""";
    private const string Row = """{"thing":"pump","title":"Pump","media":"application/tm+json","digest":"sha256:1","writtenBy":"ada","written":"2026-01-01T00:00:00Z","devices":2}""";

    [Theory]
    [InlineData("pump.tm.json", "pump")]
    [InlineData("pump.td.json", "pump")]
    [InlineData("Pump 7.json", "Pump%207")]
    public async Task Import_sends_the_file_as_it_is_under_its_own_name(string file, string thing)
    {
        using var run = new CliRun().Connected();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, file), Model);
        run.Server.Answer($"PUT /api/v1/things/{thing}/description", Row);

        Assert.Equal(ExitCode.Done, await run.RunAsync("thing", "import", file));

        Assert.Equal(Model, run.Server.Requests[0].Body);
        Assert.Equal("application/tm+json", run.Server.MediaTypes[0]);
        Assert.Equal("*", run.Server.IfNoneMatch[0]);
        Assert.StartsWith("pump   Pump   2        2026-01-01T00:00:00Z", run.Output.Split('\n')[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_byte_order_mark_is_no_part_of_a_file_and_an_empty_name_is_none()
    {
        using var run = new CliRun().Connected();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "pump.tm.json"), "\uFEFF" + Model);
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "plant.yaml"), "\uFEFFformat: pilotage.assets/1\n");
        run.Server.Answer("PUT /api/v1/things/pump/description", Row).Answer("POST /api/v1/assets/import", "{}");
        Assert.Equal(ExitCode.Done, await run.RunAsync("thing", "import", "pump.tm.json"));
        Assert.Equal(ExitCode.Done, await run.RunAsync("asset", "import", "plant.yaml"));
        Assert.Equal([Model, "format: pilotage.assets/1\n"], run.Server.Requests.Select(request => request.Body));
        Assert.Equal("application/tm+json", run.Server.MediaTypes[0]);

        Assert.Equal(ExitCode.Usage, await run.RunAsync("thing", "import", "pump.tm.json", "--name", ""));
        Assert.Contains("error: --name is empty", run.Error, StringComparison.Ordinal);
        Assert.Equal(2, run.Server.Requests.Count);
    }

    [Fact]
    public async Task Import_under_another_name_takes_the_place_of_one_that_is_there_only_when_that_is_said()
    {
        using var run = new CliRun().Connected();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "vendor.json"), "{\"title\":\"Fan\"}");
        run.Server.Answer("PUT /api/v1/things/fan/description", Row);

        Assert.Equal(ExitCode.Done, await run.RunAsync("thing", "import", "vendor.json", "--name", "fan", "--replace"));
        Assert.Equal(("", "application/td+json"), (run.Server.IfNoneMatch[0], run.Server.MediaTypes[0]));

        run.Server.Answer("PUT /api/v1/things/fan/description", """{"type":"https://pilotage.dev/problems/fabric.thing.precondition","detail":"It is there already"}""", HttpStatusCode.PreconditionFailed);
        Assert.Equal(ExitCode.Conflict, await run.RunAsync("thing", "import", "vendor.json", "--name", "fan"));
    }

    [Fact]
    public async Task Import_can_be_looked_at_before_and_needs_a_file_that_names_something()
    {
        using var run = new CliRun().Connected();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "pump.json"), "{");
        await File.WriteAllTextAsync(Path.Combine(run.Directory, ".td.json"), "{}");

        Assert.Equal(ExitCode.Done, await run.RunAsync("thing", "import", "pump.json", "--dry-run"));
        Assert.Equal("PUT api/v1/things/pump/description\nIf-None-Match: *\napplication/json, 1 bytes of pump.json\n", run.Output);
        Assert.Equal(ExitCode.Usage, await run.RunAsync("thing", "import", "not-there.json"));
        Assert.Equal(ExitCode.Usage, await run.RunAsync("thing", "import", ".td.json"));
        Assert.Equal(ExitCode.Usage, await run.RunAsync("thing", "import", "."));
        Assert.Equal(ExitCode.Usage, await run.RunAsync("thing", "show", ".."));
        Assert.Empty(run.Server.Requests);
    }

    [Fact]
    public async Task Show_is_a_table_of_properties_and_list_one_of_thing_types()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/things/pump", """{"thing":"pump","title":"Pump","properties":[{"property":"flow","type":"number","unit":"m3/h","quantity":"volume flow","title":"Flow"}]}""");
        run.Server.Answer("GET /api/v1/things", $$"""{"items":[{{Row}}]}""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("thing", "show", "pump"));
        Assert.Equal("flow      number  m3/h  volume flow  Flow", run.Output.Split('\n')[1]);
        Assert.Equal(ExitCode.Done, await run.RunAsync("thing", "list", "-o", "name"));
        Assert.EndsWith("pump\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.NotFound, await run.RunAsync("thing", "show", "fan"));
        Assert.Contains("pilotage thing list", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_is_asked_for_in_a_unit_and_found_by_what_it_means()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "GET /api/v1/series/aggregates?property=temp&unit=%5BdegF%5D", """{"property":"temp","unit":"[degF]","columns":["ms","avg"],"items":[{"group":"p1","points":[[null,68.5]]}]}""");
        run.Server.Answer(
            "GET /api/v1/series?quantity=temperature&unit=Cel&type=saref%3ATemperature&text=bearing%20line-2&limit=50000",
            """{"items":[{"device":"p1","path":"acme/p1","property":"temp","kind":"number","unit":"Cel","lastTime":"now","lastValue":20,"quality":"good"}]}""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("data", "query", "temp", "--unit", "[degF]", "-o", "csv"));
        Assert.Equal("group,from,avg,unit,rank\np1,,68.5,[degF],\n", run.Output);
        Assert.Equal(
            ExitCode.Done, await run.RunAsync("data", "list", "--quantity", "temperature", "--unit", "Cel", "--type", "saref:Temperature", "--text", "bearing line-2"));
        Assert.Contains("p1      temp      now   20     Cel   good", run.Output, StringComparison.Ordinal);
    }
}
