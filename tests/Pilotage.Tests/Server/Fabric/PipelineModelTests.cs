using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Core;
using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Pipelines;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Models.Contracts;
using Pilotage.Server.Models.Registry;
using Pilotage.Streams;
using Pilotage.Tests.Architecture;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Models in pipelines that run on the server: which are asked, what they answer, and what happens at a row that one of them cannot take.</summary>
public sealed class PipelineModelTests : IAsyncLifetime
{
    private const int Inputs = 26;
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public PipelineModelTests() => _pipeline = new RequestPipeline(_server);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task The_newest_version_is_asked_or_the_one_that_is_named()
    {
        var folder = Path.Combine(Repository.Root, "samples/pump-bearings");
        var files = new JsonObject(Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file =>
            KeyValuePair.Create(Path.GetRelativePath(folder, file), (JsonNode?)Convert.ToBase64String(File.ReadAllBytes(file)))));
        Assert.Equal(200, (await _pipeline.AskAsync("POST", "/api/v1/packages", new JsonObject { ["files"] = files }.ToJsonString())).Status);
        var (packages, artifacts) = (_server.Get<IPackages>(), _server.Get<IArtifactStore>());
        var package = packages.Latest(Acme, "pump-bearings").Value.Digest;
        var models = new PipelineModels(new Registered(Of("2", 2, artifacts, package), Of("1", 1, artifacts, package)), packages, artifacts);

        foreach (var (chosen, version) in new[] { (new Dictionary<string, string>(), "2"), (new() { ["rul"] = "1" }, "1") })
        {
            var model = Assert.Single(models.List(Acme, chosen).Value);
            Assert.Equal(("rul", Inputs, version), (model.Schema.Name, model.Schema.Inputs.Count, model.Version));
            var invoker = models.Load(Acme, model).Value;
            var answer = new float[1];
            invoker.Invoke([.. Enumerable.Repeat(1f, Inputs)], answer);
            Assert.Equal(Inputs * int.Parse(version, null), answer[0]);
            ((IDisposable)invoker).Dispose();
        }

        Assert.Equal("model.not_found", models.List(Acme, new Dictionary<string, string> { ["rul"] = "3" }).Refusal.Code);
    }

    [Fact]
    public async Task What_a_model_answers_is_stored_and_a_row_that_it_cannot_take_is_counted()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new("p1") }]);
        var thing = new ThingSchema("pump", [new("temp", null)]);
        const string Sql = "CREATE VIEW f AS SELECT device, ts, temp FROM pump; INSERT INTO o SELECT device, ts, y * 10 AS z FROM ML_PREDICT(TABLE f, MODEL m, DESCRIPTOR(temp));";
        var plan = PipelineCompiler.Compile(Sql, [thing], [new("m", ["a"], ["y"])], new Dictionary<string, double>()).Value;
        var stored = new StoredPipeline(Acme, "hot", 1, new PipelineDocument(Sql, new Dictionary<string, double>(), [thing], new Dictionary<string, string> { ["m"] = "1" }, 1, null, false), null, "ada", 1);
        var sites = new PipelineSites(
            _server.Get<TimeSeriesStore>(), _server.Get<Ingestion>(), _server.Get<EventStore>(), _server.Get<IFleet>(), _server.Get<DataFolder>(), _server.Get<PipelineMeters>(), TimeProvider.System,
            NullLogger<PipelineSites>.Instance);
        await using var live = LivePipeline.Begin(stored, plan, new Dictionary<string, IModelInvoker> { ["m"] = new OnlyBelowTen() }, sites).Value;
        var batch = new PointBatch();
        foreach (var value in new[] { 1, 20, 3 })
        {
            batch.AddRow(Acme, new DeviceId("p1"), value * 1_000_000_000L, 0, ["temp"], [value], Quality.Good);
        }

        // In order of time: 1 is answered, 20 is not, and 3 comes too late.
        await _server.Get<Ingestion>().StoreAsync(batch);
        Assert.True(SpinWait.SpinUntil(() => live.Behind == 0 && !live.IsCatchingUp, TimeSpan.FromSeconds(30)));
        Assert.Equal((1L, "more than ten"), live.Failures);
        Assert.Equal([2.0], Values("m@hot/y"));
        Assert.Equal([20.0], Values("o@hot/z"));
        Assert.Null(live.Failed);
    }

    private IEnumerable<double> Values(string property) => _server.Get<TimeSeriesStore>().Read(new SeriesKey(Acme, new("p1"), property), 0, long.MaxValue).Select(point => point.Value);

    private static RegisteredModel Of(string version, float weight, IArtifactStore artifacts, Digest package)
    {
        var graph = new OnnxGraph("sum")
            .Input("input", TensorType.Float32, -1, Inputs)
            .Output("output", TensorType.Float32, -1, 1)
            .Constant("weights", Tensor.Of([.. Enumerable.Repeat(weight, Inputs)], Inputs, 1))
            .Node("MatMul", ["input", "weights"], ["output"]);
        var schema = Package(package);
        var bytes = OnnxWriter.Model(graph, schema);
        return new RegisteredModel("rul", version, artifacts.Put(bytes), package, package, "run", package, bytes.Length, [], [], new Dictionary<string, double>(), "", 1);
    }

    // Without names of columns the order is the package's word.
    private static ModelProperties Package(Digest package) => new("rul", package.ToString(), [], []);

    private sealed class Registered(params RegisteredModel[] all) : IModelRegistry
    {
        public Outcome<RegisteredModel> Get(TenantId tenant, ModelVersion version) => Array.Find(all, model => model.Name == version.Model && model.Version == version.Version) is { } found
            ? found
            : new Refusal("model.not_found", "There is none.");

        public IReadOnlyList<RegisteredModel> List(TenantId tenant) => all;
    }

    private sealed class OnlyBelowTen : IModelInvoker
    {
        public void Invoke(ReadOnlySpan<float> inputs, Span<float> outputs) => outputs[0] = inputs[0] < 10 ? 2 * inputs[0] : throw new OnnxException(OrtErrorCode.Fail, "more than ten");
    }
}
