using System.Text.RegularExpressions;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fabric.Sql;
using Pilotage.Streams;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>Makes of a text that is sent what can run here: compiled against the thing types and the models that are there now.</summary>
internal sealed partial class PipelineReader(SqlTables tables, IPipelineModels models, TimeSeriesStore store)
{
    private const int ParametersMax = 256;

    /// <summary>A text that was understood.</summary>
    internal sealed record ReadPipeline(PipelineDocument Document, PipelinePlan Plan);

    /// <summary>Reads a text as it is sent.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="name">The name it is applied under.</param>
    /// <param name="body">What was sent.</param>
    /// <param name="before">The version that runs now; null where there is none.</param>
    /// <param name="nowNs">When.</param>
    public Outcome<ReadPipeline> Read(TenantId tenant, string name, PipelineBody body, PipelineDocument? before, long nowNs)
    {
        if (!Name().IsMatch(name))
        {
            return Bad("/name", $"\"{Shown(name)}\" is no name of a pipeline; it begins with a small letter and has at most 63 small letters, digits, - and _");
        }

        if (body.Parameters?.Count > ParametersMax)
        {
            return Bad("/parameters", $"has {body.Parameters.Count} numbers; {ParametersMax} are the most");
        }

        if (body.Parameters?.FirstOrDefault(parameter => !double.IsFinite(parameter.Value)) is { Key: not null } infinite)
        {
            return Bad($"/parameters/{Shown(infinite.Key)}", "is not a finite number");
        }

        if (body.From is { } from && Hosting.Clock.ToNs(from) > nowNs)
        {
            return Bad("/from", $"is {from:O}, which is yet to come; give a time that is past, or leave it out to begin with what arrives from now on");
        }

        return models.List(tenant, body.Models ?? new Dictionary<string, string>()).Then(known =>
        {
            ThingSchema[] things = [.. tables.Of(tenant, body.Sql, null).Select(table => table.Schema)];
            var parameters = body.Parameters ?? new Dictionary<string, double>();
            ModelSchema[] schemas = [.. known.Select(model => model.Schema)];
            var asBefore = Kept(before, things);
            var compiled = PipelineCompiler.Compile(body.Sql, asBefore, schemas, parameters);
            if (compiled.IsOk)
            {
                things = asBefore;
            }
            else
            {
                compiled = PipelineCompiler.Compile(body.Sql, things, schemas, parameters);
            }

            return compiled.Then(plan => Unused(body, plan) is { } unused
                ? unused
                : (Outcome<ReadPipeline>)new ReadPipeline(
                    new PipelineDocument(
                        body.Sql,
                        parameters,
                        [.. things.Where(thing => plan.Sources.Any(source => source.Name == thing.Name))],
                        plan.Models.ToDictionary(model => model.Name, model => known.First(one => one.Schema.Name == model.Name).Version, StringComparer.Ordinal),
                        body.From is null ? store.NextArrival : 1,
                        body.From is { } since ? Hosting.Clock.ToNs(since) : null,
                        body.From is not null || body.Fresh == true),
                    plan));
        });
    }

    /// <summary>The pipelines whose series a text may read: they are called <c>target@pipeline/column</c>.</summary>
    public static IEnumerable<string> PipelinesRead(string sql) => Series().Matches(sql).Select(match => match.Groups["pipeline"].Value).Distinct(StringComparer.Ordinal);

    /// <summary>Compiles a version that was kept, against what it was compiled against.</summary>
    public Outcome<PipelinePlan> Compile(StoredPipeline pipeline) => models.List(pipeline.Tenant, pipeline.Document.Models).Then(known =>
        PipelineCompiler.Compile(pipeline.Document.Sql, pipeline.Document.Tables, [.. known.Select(model => model.Schema)], pipeline.Document.Parameters));

    /// <summary>Loads the models that a plan asks.</summary>
    public Outcome<IReadOnlyDictionary<string, IModelInvoker>> Load(StoredPipeline pipeline, PipelinePlan plan)
    {
        var loaded = new Dictionary<string, IModelInvoker>(StringComparer.Ordinal);
        foreach (var schema in plan.Models)
        {
            if (!models.Load(pipeline.Tenant, new PipelineModel(schema, pipeline.Document.Models[schema.Name])).TryGet(out var model, out var refusal))
            {
                foreach (var other in loaded.Values.OfType<IDisposable>())
                {
                    other.Dispose();
                }

                return refusal;
            }

            loaded[schema.Name] = model;
        }

        return loaded;
    }

    /// <summary>The tables as the version before has them, where nothing contradicts that: a column more would be another table, and windows over it would begin empty.</summary>
    private static ThingSchema[] Kept(PipelineDocument? before, ThingSchema[] things) => Array.ConvertAll(things, thing =>
        before?.Tables.FirstOrDefault(table => table.Name == thing.Name) is { } kept
        && kept.Properties.All(property => thing.Properties.FirstOrDefault(other => other.Name == property.Name) is not { } other || other == property)
            ? kept
            : thing);

    private static Refusal? Unused(PipelineBody body, PipelinePlan plan) =>
        body.Models?.Keys.FirstOrDefault(name => plan.Models.All(model => model.Name != name)) is { } unasked
            ? Bad($"/models/{Shown(unasked)}", $"is a model that the text does not ask; it asks {(plan.Models.Count == 0 ? "none" : string.Join(", ", plan.Models.Select(model => model.Name)))}")
            : null;

    private static Refusal Bad(string where, string says) => new("fabric.pipeline.invalid", $"{where[1..]} {says}.") { Details = [new(where, says)] };

    private static string Shown(string text) => text.Length <= 60 ? text : text[..60] + "…";

    [GeneratedRegex("^[a-z][a-z0-9_-]{0,62}$")]
    private static partial Regex Name();

    [GeneratedRegex("@(?<pipeline>[a-z][a-z0-9_-]{0,62})/")]
    private static partial Regex Series();
}
