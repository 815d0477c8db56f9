using System.Text;
using System.Text.Json.Nodes;
using Pilotage.Core;
using Pilotage.Server.Fabric.Export;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.System.Server;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Store;

/// <summary>Exports in Parquet, read back by two readers that others wrote: DuckDB and hyparquet.</summary>
public sealed class ParquetTests(ITestOutputHelper output) : IDisposable
{
    private const long Start = 1_767_225_600_000_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TenantId Tenant = new("acme");
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-parquet-").FullName;

    private string File => Path.Combine(_folder, "out.parquet");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(2_000)]
    [InlineData(250_000)]
    public async Task Every_point_comes_back_as_it_was(int points)
    {
        output.WriteLine($"seed {TestSize.Seed}");
        var random = new Random(TestSize.Seed);
        await using var store = new StoreFixture().Open(headPointsMax: 60_000, blockRowsMax: 4_096);
        Device[] devices = [.. Enumerable.Range(0, 300).Select(i => new Device(Tenant, new($"d{i:000}"), $"acme/d{i:000}", $"d{i:000}", "pump", null, DeviceStatus.Declared, 0, null))];
        string[] properties = ["number", "extreme", "whole", "truth", "text"];
        var expected = new SortedDictionary<(string Device, string Property, long Time), (SeriesValue Value, Quality Quality)>(Comparer<(string Device, string Property, long Time)>.Create(
            static (left, right) => (string.CompareOrdinal(left.Device, right.Device), string.CompareOrdinal(left.Property, right.Property), left.Time.CompareTo(right.Time)) switch
            {
                (not 0 and var device, _, _) => device,
                (_, not 0 and var property, _) => property,
                var (_, _, time) => time,
            }));
        var batch = new PointBatch();
        for (var i = 0; i < points; i++)
        {
            var (device, property) = (devices[random.Next(random.Next(10) == 0 ? devices.Length : 3)].Id, properties[random.Next(properties.Length)]);
            var time = Start + (random.Next(60_000) * 1_000_000_000L) + (random.Next(4) == 0 ? random.Next(1_000_000_000) : 0);
            var value = ValueOf(property, random);
            var quality = random.Next(20) == 0 ? (Quality)random.Next(3) : Quality.Good;
            batch.Add(new SeriesKey(Tenant, device, property), time, value, quality, 0);
            expected[(device.Value, property, time)] = (value, quality);
            if (i % 5_000 == 4_999 || i == points - 1)
            {
                await store.AppendAsync(batch, null, default);
                batch = new PointBatch();
            }
        }

        await WriteAsync(new SeriesExport(devices, properties, long.MinValue, long.MaxValue), store);
        var told = expected.Where(point => point.Value.Quality != Quality.Bad && (point.Value.Value.Kind != SeriesKind.Number || double.IsFinite(point.Value.Value.Number))).ToList();
        Assert.True(told.Count > points / 2 && (points < 250_000 || told.Count > 128 * 1024), $"{told.Count} of {points}");
        await SameAsync("hyparquet", told.Select(point => Line(point.Key, point.Value, point.Key.Time)));
        await SameAsync("duckdb", told.Select(point => Line(point.Key, point.Value, point.Key.Time / 1_000)));
    }

    [Fact]
    public async Task Nothing_is_a_table_too()
    {
        await using var store = new StoreFixture().Open();
        await WriteAsync(new SeriesExport([], ["load"], long.MinValue, long.MaxValue), store);
        await SameAsync("hyparquet", []);
        await SameAsync("duckdb", []);
    }

    [Fact]
    public async Task What_a_server_has_goes_out_by_the_shell()
    {
        await using var server = await ServerProcess.StartAsync(Path.Combine(_folder, "data"));
        var devices = new JsonObject { ["devices"] = new JsonArray(new JsonObject { ["path"] = "default/plant/p1", ["thing"] = "pump", ["id"] = "p1" }) };
        Assert.Equal(global::System.Net.HttpStatusCode.OK, (await server.Door.AskAsync(HttpMethod.Post, "api/v1/enrolments", devices)).Status);
        var rows = string.Join(',', Enumerable.Range(0, 5_000).Select(i => $$"""{"ts":{{1_767_225_600_000 + (i * 1_000L)}},"values":{"load":{{i}}.5,"state":"{{(i % 2 == 0 ? "on" : "off")}}"} }"""));
        Assert.Equal(200, (int)(await server.Door.PostAsync("api/v1/devices/p1/telemetry", "application/json", $"[{rows}]")).Status);
        var (exit, errors) = await ExportAsync(server, File);
        Assert.True(exit == 0, errors);
        await SameAsync("duckdb", Enumerable.Range(0, 5_000).Select(i => $"p1|load|{(Start / 1_000) + (i * 1_000_000L)}|{BitConverter.DoubleToInt64Bits(i + 0.5):x16}|||||good")
            .Concat(Enumerable.Range(0, 5_000).Select(i => $"p1|state|{(Start / 1_000) + (i * 1_000_000L)}||||{(i % 2 == 0 ? "on" : "off")}||good")));

        // Rows of an answer in SQL that is longer than one chunk, over a real connection.
        var (asked, told, failed) = await PilotageAsync(server, "data", "sql", "SELECT device, ts, load FROM pump", "-o", "csv");
        Assert.True(asked == 0, failed);
        Assert.Equal((5_001, "p1,2026-01-01T01:23:19Z,4999.5"), (told.Count, told[^1]));
    }

    [PowerCutFact]
    public async Task A_full_disk_is_said_and_leaves_nothing_behind()
    {
        await using var server = await ServerProcess.StartAsync(Path.Combine(_folder, "data"));
        var devices = new JsonObject { ["devices"] = new JsonArray(new JsonObject { ["path"] = "default/plant/p1", ["thing"] = "pump", ["id"] = "p1" }) };
        await server.Door.AskAsync(HttpMethod.Post, "api/v1/enrolments", devices);
        var random = new Random(TestSize.Seed);
        var rows = string.Join(',', Enumerable.Range(0, 40_000).Select(i => FormattableString.Invariant($$"""{"ts":{{1_767_225_600_000 + (i * 1_000L)}},"values":{"load":{{random.NextDouble()}} } }""")));
        Assert.Equal(200, (int)(await server.Door.PostAsync("api/v1/devices/p1/telemetry", "application/json", $"[{rows}]")).Status);
        await using var volume = await PowerCutVolume.CreateAsync(8);
        await volume.FillAsync(64);
        var (exit, errors) = await ExportAsync(server, Path.Combine(volume.MountPath, "out.parquet"));
        Assert.Equal(1, exit);
        Assert.Contains("has no room", errors, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(volume.MountPath), file => file.Contains("out.parquet", StringComparison.Ordinal));
    }

    private static SeriesValue ValueOf(string property, Random random) => property switch
    {
        "whole" => SeriesValue.OfWhole(random.Next(4) switch { 0 => long.MaxValue - random.Next(5), 1 => long.MinValue + random.Next(5), _ => random.Next(1_000) }),
        "truth" => SeriesValue.OfTruth(random.Next(2) == 0),
        "text" => SeriesValue.OfText(random.Next(3) == 0 ? "" : $"é {random.Next(10)} \"|\"\n"),
        "extreme" => SeriesValue.Of(random.Next(6) switch
        {
            0 => double.NaN,
            1 => double.PositiveInfinity,
            2 => -0.0,
            3 => double.Epsilon,
            4 => double.MaxValue,
            _ => BitConverter.Int64BitsToDouble(random.NextInt64()),
        }),
        _ => SeriesValue.Of(random.Next(1_000) / 10.0),
    };

    private static string Line((string Device, string Property, long Time) key, (SeriesValue Value, Quality Quality) point, long time)
    {
        var value = point.Value;
        string?[] cells =
        [
            key.Device, key.Property, $"{time}", value.Kind < SeriesKind.Text ? $"{BitConverter.DoubleToInt64Bits(value.Number):x16}" : "",
            value.Kind == SeriesKind.Whole ? $"{value.Whole}" : "", value.Kind == SeriesKind.Truth ? value.IsTrue ? "true" : "false" : "",
            value.Text?.Replace("\n", "\\n", StringComparison.Ordinal), key.Property == "number" ? "mm/s" : "", point.Quality == Quality.Good ? "good" : "uncertain",
        ];
        return string.Join('|', cells);
    }

    private async Task WriteAsync(SeriesExport export, TimeSeriesStore store)
    {
        await using var file = global::System.IO.File.Create(File);
        await new ParquetExport(export, store, (_, property) => property == "number" ? "mm/s" : null).WriteAsync(async bytes => await file.WriteAsync(bytes), default);
    }

    private async Task SameAsync(string reader, IEnumerable<string> expected)
    {
        var root = Root();
        if (!Directory.Exists(Path.Combine(root, "artifacts/peers/node_modules/@duckdb/node-api")))
        {
            throw new InvalidOperationException("DuckDB is missing in artifacts/peers; ./test system installs it and needs Node 20 with npm");
        }

        var told = Path.Combine(_folder, $"{reader}.txt");
        await using var run = ChildProcess.Start("node", [Path.Combine(root, "tests/Pilotage.System/Gateway/Peers/parquet.mjs"), reader, File, told]);
        var said = await run.EndAsync().WaitAsync(Patience);
        Assert.True(run.ExitCode == 0 && said.Count > 0, $"{reader}: {run.Errors}");
        var rows = await global::System.IO.File.ReadAllLinesAsync(told, Encoding.UTF8);
        var wanted = expected.ToList();
        Assert.Equal($"read {wanted.Count}", said[^1]);
        var wrong = Enumerable.Range(0, wanted.Count).FirstOrDefault(i => rows[i] != wanted[i], -1);
        Assert.True(wrong < 0, wrong < 0 ? "" : $"{reader}, row {wrong}: {rows[wrong]} in place of {wanted[wrong]}");
    }

    private async Task<(int Exit, string Errors)> ExportAsync(ServerProcess server, string file)
    {
        var (exit, _, errors) = await PilotageAsync(server, "data", "export", "--device", "p1", "--file", file);
        return (exit, errors);
    }

    private async Task<(int Exit, IReadOnlyList<string> Lines, string Errors)> PilotageAsync(ServerProcess server, params string[] arguments)
    {
        await using var run = ChildProcess.Start(
            ServerProcess.Binary, [.. arguments, "--server", $"{server.Door.Http}", "--token-file", Path.Combine(_folder, "data", "admin.token")], _folder);
        var lines = await run.EndAsync().WaitAsync(Patience);
        return (run.ExitCode, lines, run.Errors);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!global::System.IO.File.Exists(Path.Combine(folder.FullName, "Pilotage.slnx")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }
}
