namespace Pilotage.Server.Fabric.Contracts;

/// <summary>The graph from sensor row to ledger line: append-only, hash-chained per tenant, walked both ways.</summary>
public interface ILineage
{
    /// <summary>Appends edges in one commit; on disk when this returns. An edge that is already there is not added again.</summary>
    void Append(TenantId tenant, IReadOnlyList<LineageEdge> edges);

    /// <summary>Everything this node came from: edges in breadth-first order.</summary>
    LineageWalk Up(TenantId tenant, NodeRef node, int edgesMax = 1000);

    /// <summary>Everything this node led to: edges in breadth-first order.</summary>
    LineageWalk Down(TenantId tenant, NodeRef node, int edgesMax = 1000);

    /// <summary>Walks the chain; the refusal names the first edge that was edited or removed.</summary>
    Outcome<long> Verify(TenantId tenant);
}

/// <summary>A node: kind (see <see cref="NodeKind"/>) and id, written <c>kind:id</c>.</summary>
public readonly record struct NodeRef(string Kind, string Id)
{
    /// <summary>Reads <c>kind:id</c>; the id may hold further colons (a digest, say).</summary>
    public static bool TryParse(string? text, out NodeRef node)
    {
        var colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        node = colon > 0 ? new NodeRef(text![..colon], text[(colon + 1)..]) : default;
        return colon > 0 && node.Id.Length > 0;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}:{Id}";
}

/// <summary>Kinds of nodes.</summary>
public static class NodeKind
{
    public const string SeriesSpan = "series-span";
    public const string Dataset = "dataset";
    public const string Run = "run";
    public const string Model = "model";
    public const string Release = "release";
    public const string Rollout = "rollout";
    public const string Device = "device";
    public const string Inference = "inference";
    public const string Alert = "alert";
    public const string Verdict = "verdict";
    public const string Outcome = "outcome";
    public const string Gate = "gate";
    public const string Baseline = "baseline";
    public const string Ledger = "ledger";
}

/// <summary>From what came first to what came of it: dataset —trained→ run, for example.</summary>
public sealed record LineageEdge(
    NodeRef From, string Type, NodeRef To, long AtNs, IReadOnlyDictionary<string, string>? Attributes = null);

/// <summary>The edges found; truncated when the bound was reached.</summary>
public sealed record LineageWalk(IReadOnlyList<LineageEdge> Edges, bool Truncated);
