using Pilotage.Core.Contracts.Releases;
using Pilotage.Edge.Workers;
using Pilotage.Learning.Golden;
using Pilotage.Learning.Onnx;
using Pilotage.Runtime;
using Pilotage.Streams;
using Pilotage.Trust;

namespace Pilotage.Edge.Worker;

/// <summary>A release in memory: verified again by the worker, from the very bytes it loads.</summary>
internal sealed class LoadedRelease
{
    private LoadedRelease(VerifiedRelease verified, PipelinePlan plan, Dictionary<string, IModelInvoker> models, Dictionary<string, (GoldenSet Golden, OnnxInvoker Model)> proofs)
    {
        (Verified, Plan, Models, _proofs) = (verified, plan, models, proofs);
    }

    private readonly Dictionary<string, (GoldenSet Golden, OnnxInvoker Model)> _proofs;

    public VerifiedRelease Verified { get; }

    public PipelinePlan Plan { get; }

    public Dictionary<string, IModelInvoker> Models { get; }

    /// <summary>Verifies the envelope, reads and checks every artifact, compiles the pipeline and loads the models.</summary>
    public static Outcome<LoadedRelease> Load(WorkerOrders orders)
    {
        var keys = new List<PublicKey>();
        foreach (var pem in orders.ReleaseKeys)
        {
            if (PublicKey.FromPem(pem).TryGet(out var key, out _))
            {
                keys.Add(key);
            }
        }

        var trust = new ReleaseTrust(keys, 1, new TenantId(orders.Tenant));
        return DsseEnvelope.Parse(File.ReadAllBytes(orders.EnvelopePath))
            .Then(envelope => ReleaseVerifier.Verify(envelope, trust, orders.Hardware, 0))
            .Then(verified => verified.Id.Value == orders.Release
                ? (Outcome<VerifiedRelease>)verified
                : new Refusal("release.other", $"The envelope holds {verified.Id}, not {orders.Release}."))
            .Then(verified => ReadArtifacts(verified, orders.ArtifactsPath).Then(bytes => Compose(verified, bytes)));
    }

    /// <summary>Answers the golden rows of every model, and the rows mixed by the challenge.</summary>
    public AttestedGolden Prove(string challenge)
    {
        var (rows, maxError, pass) = (0, 0.0, true);
        var answers = new Dictionary<string, IReadOnlyList<float?>>();
        foreach (var (name, (golden, model)) in _proofs)
        {
            var report = golden.Check(model.Model);
            rows += report.Rows;
            maxError = Math.Max(maxError, report.MaxError);
            pass &= report.Pass;
            answers.Add(name, GoldenChallenge.Answer(golden, model.Model, challenge));
        }

        return new AttestedGolden { Rows = rows, MaxError = maxError, Pass = pass && rows > 0, Answers = answers };
    }

    private static Outcome<Dictionary<ReleaseArtifact, ReadOnlyMemory<byte>>> ReadArtifacts(VerifiedRelease release, string path)
    {
        var contents = new Dictionary<ReleaseArtifact, ReadOnlyMemory<byte>>();
        foreach (var artifact in release.Manifest.Artifacts)
        {
            var file = Path.Combine(path, artifact.Digest["sha256:".Length..]);
            if (!ReleaseVerifier.CheckArtifact(artifact, File.ReadAllBytes(file)).TryGet(out var content, out var refusal))
            {
                return refusal;
            }

            contents.Add(artifact, content);
        }

        return contents;
    }

    private static Outcome<LoadedRelease> Compose(VerifiedRelease release, Dictionary<ReleaseArtifact, ReadOnlyMemory<byte>> contents)
    {
        var manifest = release.Manifest;
        var things = new List<ThingSchema>();
        foreach (var artifact in manifest.Artifacts.Where(artifact => artifact.Kind == ArtifactKind.Thing))
        {
            if (!ThingDescription.Read(artifact.Name, contents[artifact]).TryGet(out var thing, out var fault))
            {
                return fault;
            }

            things.Add(thing);
        }

        var schemas = manifest.Models.Select(SchemaOf).ToList();
        var sql = System.Text.Encoding.UTF8.GetString(contents[manifest.Artifacts.Single(artifact => artifact.Kind == ArtifactKind.Pipeline)].Span);
        if (!PipelineCompiler.Compile(sql, things, schemas, manifest.Parameters).TryGet(out var plan, out var refusal))
        {
            return refusal;
        }

        var models = new Dictionary<string, IModelInvoker>();
        var proofs = new Dictionary<string, (GoldenSet, OnnxInvoker)>();
        foreach (var schema in schemas)
        {
            var bytes = contents[manifest.Find(ArtifactKind.Model, schema.Name)!];
            if (!OnnxInvoker.Load(bytes, new OnnxOptions(), schema).TryGet(out var model, out refusal)
                || !GoldenSet.Read(contents[manifest.Find(ArtifactKind.Golden, schema.Name)!].Span).TryGet(out var golden, out refusal))
            {
                return refusal;
            }

            models.Add(schema.Name, model);
            proofs.Add(schema.Name, (golden, model));
        }

        return new LoadedRelease(release, plan, models, proofs);
    }

    private static ModelSchema SchemaOf(ReleaseModel model) => new(model.Name, model.Inputs, model.Outputs)
    {
        Missing = model.Missing == "native" ? MissingInputs.Native : MissingInputs.Reject,
    };
}
