namespace Pilotage.Server.Portfolio;

/// <summary>Every piece of evidence a gate may ask for, each read from where it arises.</summary>
internal sealed class EvidenceBook
{
    private readonly Dictionary<string, IEvidenceSource> _sources;

    public EvidenceBook(IEnumerable<IEvidenceSource> sources)
    {
        _sources = sources.SelectMany(source => source.Names.Select(name => (name, source))).ToDictionary(pair => pair.name, pair => pair.source, StringComparer.Ordinal);
    }

    /// <summary>All names there are, for the refusal of a gate over evidence that cannot exist.</summary>
    public IReadOnlyList<string> Names => [.. _sources.Keys.Order(StringComparer.Ordinal)];

    public EvidenceReading Read(UseCase useCase, string name) => _sources.TryGetValue(name, out var source)
        ? source.Read(useCase, name)
        : EvidenceReading.Absent($"no evidence has the name {name}", "package");
}

/// <summary>Reads one or a few pieces of evidence.</summary>
internal interface IEvidenceSource
{
    /// <summary>The names it answers to.</summary>
    IReadOnlyList<string> Names { get; }

    EvidenceReading Read(UseCase useCase, string name);
}
