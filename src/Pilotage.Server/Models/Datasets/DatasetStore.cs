using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Models.Contracts;

namespace Pilotage.Server.Models.Datasets;

/// <summary>One version of a dataset: its manifest and the digest that names it.</summary>
internal sealed record Dataset(string Name, int Version, Digest Digest, DatasetManifest Manifest, long AtNs)
{
    public string Reference => $"{Name}@{Version}";
}

/// <summary>Versions of datasets; cutting the same data twice gives the version that is there.</summary>
internal sealed class DatasetStore(ICatalogue catalogue, IArtifactStore artifacts, ILineage lineage, TimeProvider time)
{
    private const int NamedMax = 20;

    public Dataset Add(TenantId tenant, DatasetManifest manifest)
    {
        var digest = artifacts.Put(manifest.ToBytes());
        var now = time.NowNs();
        var version = catalogue.Write((connection, _) =>
        {
            var known = connection.Scalar(
                "SELECT version FROM models_datasets WHERE tenant = $tenant AND name = $name AND digest = $digest",
                ("$tenant", tenant.Value), ("$name", manifest.Name), ("$digest", digest.ToString()));
            if (known > 0)
            {
                return (int)known;
            }

            var next = 1 + (int)connection.Scalar(
                "SELECT COALESCE(MAX(version), 0) FROM models_datasets WHERE tenant = $tenant AND name = $name",
                ("$tenant", tenant.Value), ("$name", manifest.Name));
            connection.Execute(
                "INSERT INTO models_datasets (tenant, name, version, digest, at_ns) VALUES ($tenant, $name, $version, $digest, $at)",
                ("$tenant", tenant.Value), ("$name", manifest.Name), ("$version", next), ("$digest", digest.ToString()), ("$at", now));
            return next;
        });
        lineage.Append(tenant, [.. Edges(manifest, digest, now)]);
        return new Dataset(manifest.Name, version, digest, manifest, now);
    }

    /// <summary>By <c>name@version</c>, by name (the newest version), or by digest.</summary>
    public Outcome<Dataset> Get(TenantId tenant, string reference)
    {
        var (name, version) = reference.Split('@', 2) is [var left, var right] ? (left, right) : (reference, null);
        var found = catalogue.Read(connection => connection.QueryFirst(
            """
            SELECT name, version, digest, at_ns FROM models_datasets
            WHERE tenant = $tenant AND ((name = $name AND ($version IS NULL OR version = $version)) OR digest = $reference)
            ORDER BY version DESC LIMIT 1
            """,
            row => new Row(row.GetString(0), row.GetInt32(1), row.GetString(2), row.GetInt64(3)),
            ("$tenant", tenant.Value), ("$name", name), ("$version", int.TryParse(version, out var number) ? number : version is null ? null : -1), ("$reference", reference)));
        return found is null
            ? new Refusal("dataset.not_found", $"There is no dataset '{Shown(reference)}'; {Known(tenant, name)}")
            : Load(found);
    }

    public IReadOnlyList<Dataset> List(TenantId tenant) =>
        [.. catalogue.Read(connection => connection.Query(
                "SELECT name, version, digest, at_ns FROM models_datasets WHERE tenant = $tenant ORDER BY name, version",
                row => new Row(row.GetString(0), row.GetInt32(1), row.GetString(2), row.GetInt64(3)),
                ("$tenant", tenant.Value)))
            .Select(Load).Where(dataset => dataset.IsOk).Select(dataset => dataset.Value)];

    /// <summary>Versions of the dataset that was meant, or the datasets that there are.</summary>
    private string Known(TenantId tenant, string name)
    {
        var known = catalogue.Read(connection => connection.Query(
            "SELECT name, version FROM models_datasets WHERE tenant = $tenant ORDER BY name, version", row => (Name: row.GetString(0), Version: row.GetInt32(1)), ("$tenant", tenant.Value)));
        var versions = known.Where(one => one.Name == name).Select(one => $"{name}@{one.Version}").ToList();
        var named = versions.Count > 0 ? versions : [.. known.Select(one => one.Name).Distinct(StringComparer.Ordinal)];
        return named.Count == 0
            ? "there is none yet. One is cut with: pilotage dataset cut NAME --package USECASE"
            : $"there {(named.Count == 1 ? "is" : "are")} {(named.Count > NamedMax ? "… " : "")}{string.Join(", ", named.TakeLast(NamedMax))}. All of them: pilotage dataset list";
    }

    private static string Shown(string text) => text.Length <= 120 ? text : text[..120] + "…";

    private Outcome<Dataset> Load(Row row)
    {
        _ = Digest.TryParse(row.Digest, out var digest);
        return artifacts.Read(digest).Then(bytes => (Outcome<Dataset>)new Dataset(row.Name, row.Version, digest, DatasetManifest.Read(bytes), row.AtNs));
    }

    /// <summary>Every unit's span of rows, and every verdict that became a label, leads to the dataset.</summary>
    private static IEnumerable<LineageEdge> Edges(DatasetManifest manifest, Digest digest, long now)
    {
        var dataset = new NodeRef(NodeKind.Dataset, digest.ToString());
        foreach (var unit in manifest.Units.Where(unit => unit.Rows > 0))
        {
            var span = new NodeRef(NodeKind.SeriesSpan, $"{unit.Device}/{unit.FirstNs}-{unit.LastNs}");
            yield return new LineageEdge(new NodeRef(NodeKind.Device, unit.Device), "measured", span, now);
            yield return new LineageEdge(span, "cut-into", dataset, now, new Dictionary<string, string> { ["rows"] = $"{unit.Rows}" });
        }

        foreach (var verdict in manifest.Verdicts)
        {
            yield return new LineageEdge(new NodeRef(NodeKind.Verdict, verdict.Verdict ?? verdict.Alert), "labelled", dataset, now);
        }
    }

    private sealed record Row(string Name, int Version, string Digest, long AtNs);
}
