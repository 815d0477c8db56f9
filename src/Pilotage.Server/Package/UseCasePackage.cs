namespace Pilotage.Server.Package;

/// <summary>A use-case package that was read and found sound: every reference between its files resolves.</summary>
/// <param name="Digest">Over all files but those of the site, which are local and never published; the same folder always gives the same digest.</param>
/// <param name="Site">The local bindings, or null when the package was read as it is published.</param>
/// <param name="Needs">Names in <c>${…}</c> that a site must supply, each with the first place that asks; empty once a site was given.</param>
/// <param name="Files">Everything read, by path inside the folder.</param>
public sealed record UseCasePackage(
    Digest Digest,
    UseCaseSpec UseCase,
    IReadOnlyList<ModelSpec> Models,
    RolloutSpec Rollout,
    IReadOnlyList<ThingSpec> Things,
    string PipelineSql,
    SiteSpec? Site,
    IReadOnlyList<PackageNeed> Needs,
    IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Files)
{
    /// <summary>The thing type the use case is about.</summary>
    public ThingSpec Thing => Things.First(t => t.Name == UseCase.Thing);

    /// <summary>A model by name, or null.</summary>
    public ModelSpec? Model(string name) => Models.FirstOrDefault(m => m.Name == name);
}

/// <summary>Something a site must supply.</summary>
public sealed record PackageNeed(string Name, SourceMark At);
