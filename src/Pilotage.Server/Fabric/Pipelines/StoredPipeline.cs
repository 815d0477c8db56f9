using Pilotage.Streams;

namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>One version of a pipeline as it is kept: nothing of it changes but whether it is paused.</summary>
/// <param name="Version">1 for the first text that was applied under the name.</param>
/// <param name="Paused">Why it does not run; null where it does.</param>
internal sealed record StoredPipeline(TenantId Tenant, string Name, int Version, PipelineDocument Document, string? Paused, string WrittenBy, long WrittenNs);

/// <summary>What a version runs.</summary>
/// <param name="Sql">Its text.</param>
/// <param name="Parameters">Numbers of its <c>${parameters}</c>.</param>
/// <param name="Tables">The thing types it reads, as they were when it was applied: a description that changes later does not change what runs.</param>
/// <param name="Models">Version of each model that it asks.</param>
/// <param name="FromArrival">The first row it reads, by the order in which rows arrive.</param>
/// <param name="FromNs">It reads what was received since then; null where it begins with what arrives once it was applied.</param>
/// <param name="IsFresh">It begins with empty windows, whatever ran before under its name.</param>
internal sealed record PipelineDocument(
    string Sql,
    IReadOnlyDictionary<string, double> Parameters,
    IReadOnlyList<ThingSchema> Tables,
    IReadOnlyDictionary<string, string> Models,
    long FromArrival,
    long? FromNs,
    bool IsFresh);
