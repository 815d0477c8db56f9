using Pilotage.Cli.Packages;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary><c>pipeline check|explain|test</c> over the sample, without a server.</summary>
public sealed class PipelineVerbTests : IDisposable
{
    private const string Rows = "device,ts,vibration,state\np1,0,1,RUN\np1,60000,9,RUN\np1,120000,9,off\np2,2026-01-01T00:00:00Z,9,RUN\np1,180000,,RUN\n";
    private readonly CliRun _cli = new();

    public PipelineVerbTests()
    {
        foreach (var (name, file) in PackageFolder.Files(PackageFolder.Sample("pump-bearings")))
        {
            var path = Path.Combine(_cli.Directory, "pump", name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(file, path);
        }
    }

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task A_sound_pipeline_says_what_it_puts_out()
    {
        Assert.Equal(0, await _cli.RunAsync("pipeline", "check", "pump"));
        Assert.Contains("is sound; it puts out alert ", _cli.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_is_told_at_its_place()
    {
        await File.AppendAllTextAsync(Path.Combine(_cli.Directory, "pump", "pipeline.sql"), "\nINSERT INTO x SELECT device, ts, nothing FROM pump;\n");
        Assert.Equal(1, await _cli.RunAsync("pipeline", "check", "pump"));
        Assert.Matches(@"pipeline\.sql:\d+:\d+.*nothing", _cli.Error);
    }

    [Fact]
    public async Task What_Flink_lacks_is_told_at_its_place()
    {
        Assert.Equal(0, await _cli.RunAsync("pipeline", "check", "pump", "--flink"));
        Assert.Contains("alerts, which are raised, held and cleared", _cli.Output, StringComparison.Ordinal);
        Assert.Contains("REGR_SLOPE", _cli.Output, StringComparison.Ordinal);
        Assert.Contains("- Units are not checked there.", _cli.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Steps_are_listed_inputs_before_readers()
    {
        Assert.Equal(0, await _cli.RunAsync("pipeline", "explain", "pump"));
        var lines = _cli.Output.Split('\n');
        Assert.Contains("scan pump", lines[1], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("predict ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rows_of_a_file_run_through_it_and_the_same_lines_are_expected()
    {
        Write();
        Assert.Equal(0, await _cli.RunAsync("pipeline", "test", "pump", "--input", "rows.csv"));
        Assert.Equal(
            """
            {"raised":"high","device":"p1","ts":"1970-01-01T00:01:00Z","score":9}
            {"series":"fast","device":"p1","ts":"1970-01-01T00:01:00Z","x":18}
            {"raised":"high","device":"p2","ts":"2026-01-01T00:00:00Z","score":9}
            {"series":"fast","device":"p2","ts":"2026-01-01T00:00:00Z","x":18}

            """,
            _cli.Output);
        Assert.Contains("5 rows taken, 0 late", _cli.Error, StringComparison.Ordinal);

        var put = _cli.Output;
        await File.WriteAllTextAsync(Path.Combine(_cli.Directory, "expected"), put);
        Assert.Equal(0, await _cli.RunAsync("pipeline", "test", "pump", "--input", "rows.csv", "--expect", "expected"));
        await File.WriteAllTextAsync(Path.Combine(_cli.Directory, "expected"), put.Split('\n')[0] + "\n");
        Assert.Equal(1, await _cli.RunAsync("pipeline", "test", "pump", "--input", "rows.csv", "--expect", "expected"));
        Assert.Contains("line 2 is one more", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explained_with_rows_it_tells_how_many_each_step_passed_on()
    {
        Write();
        Assert.Equal(0, await _cli.RunAsync("pipeline", "explain", "pump", "--input", "rows.csv", "-o", "json"));
        var steps = System.Text.Json.Nodes.JsonNode.Parse(_cli.Output)!.AsArray();
        Assert.Equal(5, steps[0]!["rows"]!.GetValue<long>());
        Assert.True(steps[0]!["stateBytes"]!.GetValue<long>() > 0);
        Assert.Contains(steps, step => step!["does"]!.GetValue<string>().StartsWith("filter", StringComparison.Ordinal) && step["rows"]!.GetValue<long>() == 2);
    }

    [Fact]
    public async Task Queries_in_one_joins_and_late_rows_are_explained_and_run()
    {
        Write();
        await File.WriteAllTextAsync(Path.Combine(_cli.Directory, "pump", "pipeline.sql"), """
            SET 'pilotage.late' = 'late';
            CREATE VIEW stops AS SELECT device, ts, vibration AS v FROM pump WHERE state = 'off';
            CREATE VIEW seen AS SELECT p.device, p.ts, vibration AS x, v FROM pump AS p LEFT JOIN stops FOR SYSTEM_TIME AS OF p.ts AS s ON p.device = s.device;
            INSERT INTO both SELECT device, ts, x, v FROM seen WHERE x IS NULL UNION ALL SELECT device, ts, LEAD(vibration) OVER (PARTITION BY device ORDER BY ts), 0 FROM pump WHERE state = 'RUN';
            INSERT INTO alerts SELECT device, ts, 'high' AS kind, x AS score FROM seen WHERE x > ${alarm_below};
            """);
        Assert.Equal(0, await _cli.RunAsync("pipeline", "check", "pump"));
        Assert.Contains("late_by in s", _cli.Output, StringComparison.Ordinal);
        var checkedLetters = _cli.Output.Length;
        Assert.Equal(0, await _cli.RunAsync("pipeline", "explain", "pump", "-o", "json"));
        var steps = System.Text.Json.Nodes.JsonNode.Parse(_cli.Output[checkedLetters..])!.AsArray();
        Assert.Empty(steps[0]!["reads"]!.AsArray());
        Assert.All(steps.Where(step => step!["does"]!.GetValue<string>() is "union all" or "left join as of"), step => Assert.Equal(2, step!["reads"]!.AsArray().Count));
        await File.AppendAllTextAsync(Path.Combine(_cli.Directory, "rows.csv"), "p1,60500,3,RUN\n");
        Assert.Equal(0, await _cli.RunAsync("pipeline", "test", "pump", "--input", "rows.csv", "--close-windows"));
        Assert.Contains("""{"series":"both","device":"p1","ts":"1970-01-01T00:03:00Z","x":null,"v":9}""", _cli.Output, StringComparison.Ordinal);
        Assert.Contains("""{"series":"both","device":"p1","ts":"1970-01-01T00:00:00Z","x":9,"v":0}""", _cli.Output, StringComparison.Ordinal);
        Assert.Contains("\"series\":\"late\",\"device\":\"p1\",\"ts\":\"1970-01-01T00:01:00.5", _cli.Output, StringComparison.Ordinal);
        Assert.Contains("\"late_by\":119.5", _cli.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("device,vibration\np1,1\n", "Line 1: the header names no column device or no column ts")]
    [InlineData("device,ts,turbidity\np1,0,1\n", "pump has no property turbidity")]
    [InlineData("device,ts,vibration\np1,0,fast\n", "Line 2: \"fast\" in column vibration is no number")]
    [InlineData("device,ts,vibration\np1,yesterday,1\n", "Line 2: \"yesterday\" is no time")]
    [InlineData("device,ts,vibration\n,0,1\n", "Line 2: the row names no device")]
    [InlineData("device,ts,vibration,vibration\np1,0,1,2\n", "Line 1: two columns are called vibration")]
    public async Task A_wrong_file_is_told_by_its_line(string rows, string says)
    {
        Write();
        await File.WriteAllTextAsync(Path.Combine(_cli.Directory, "rows.csv"), rows);
        Assert.Equal(1, await _cli.RunAsync("pipeline", "test", "pump", "--input", "rows.csv"));
        Assert.Contains(says, _cli.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, "there is no file none.csv", "--input", "none.csv")]
    [InlineData(2, "'x' is no name and value", "--input", "rows.csv", "--model", "x")]
    [InlineData(2, "'many' is not a number", "--input", "rows.csv", "--set", "a=many")]
    [InlineData(1, "has no parameter zz; it has alarm_below", "--input", "rows.csv", "--set", "zz=1")]
    [InlineData(1, "does not ask a model called x", "--input", "rows.csv", "--model", "x=rows.csv")]
    public async Task A_wrong_word_is_told(int code, string says, params string[] words)
    {
        Write();
        Assert.Equal(code, await _cli.RunAsync(["pipeline", "test", "pump", .. words]));
        Assert.Contains(says, _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_is_asked_has_to_be_given()
    {
        await File.WriteAllTextAsync(Path.Combine(_cli.Directory, "rows.csv"), "device,ts\np1,0\n");
        Assert.Equal(1, await _cli.RunAsync("pipeline", "test", "pump", "--input", "rows.csv"));
        Assert.Contains("--model ", _cli.Error, StringComparison.Ordinal);
    }

    /// <summary>The sample with a pipeline that asks no model, over a thing with a text.</summary>
    private void Write()
    {
        var thing = Path.Combine(_cli.Directory, "pump", "things", "pump.td.json");
        var text = File.ReadAllText(thing);
        var at = text.IndexOf("\"properties\"", StringComparison.Ordinal);
        var brace = text.IndexOf('{', at);
        File.WriteAllText(thing, text.Insert(brace + 1, "\"state\":{\"type\":\"string\",\"title\":\"State\"},"));
        File.WriteAllText(Path.Combine(_cli.Directory, "pump", "pipeline.sql"), """
            CREATE VIEW busy AS SELECT device, ts, vibration FROM pump WHERE state = 'RUN' AND vibration > ${alarm_below};
            INSERT INTO alerts SELECT device, ts, 'high' AS kind, vibration AS score FROM busy;
            INSERT INTO fast SELECT device, ts, vibration * 2 AS x FROM busy;
            """);
        File.WriteAllText(Path.Combine(_cli.Directory, "rows.csv"), Rows);
    }
}
