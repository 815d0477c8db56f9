using Pilotage.Core;
using Pilotage.Streams.Planning;

namespace Pilotage.Streams;

/// <summary>A compiled pipeline: checked, immutable, and shared by every run of it.</summary>
public sealed class PipelinePlan
{
    internal PipelinePlan(
        IReadOnlyList<ThingSchema> sources,
        IReadOnlyList<PlanNode> roots,
        IReadOnlyList<string> texts,
        long latenessNs,
        PipelineLimits limits)
    {
        Sources = sources;
        Roots = roots;
        Texts = texts;
        LatenessNs = latenessNs;
        Limits = limits;
    }

    /// <summary>The thing types the pipeline reads; a source is pushed to by its position here.</summary>
    public IReadOnlyList<ThingSchema> Sources { get; }

    /// <summary>The models it asks, each once, those that feed others first.</summary>
    public IReadOnlyList<ModelSchema> Models { get; internal init; } = [];

    /// <summary>The series targets it inserts into, without <c>alerts</c>.</summary>
    public IReadOnlyList<PipelineTarget> Targets { get; internal init; } = [];

    /// <summary>The kinds of alert it may raise.</summary>
    public IReadOnlyList<string> AlertKinds { get; internal init; } = [];

    /// <summary>The digest of text and parameters: two plans with one digest compute the same from the same
    /// schemas.</summary>
    public Digest Digest { get; internal init; }

    /// <summary>How long a device's rows are held back to be put in order, in nanoseconds; 0 passes them on at
    /// once.</summary>
    public long LatenessNs { get; }

    /// <summary>The series target that rows go to which came too late to be computed with; null where they are only counted.</summary>
    public string? LateTarget { get; internal init; }

    /// <summary>The bounds the pipeline was compiled with and runs under.</summary>
    public PipelineLimits Limits { get; }

    internal IReadOnlyList<PlanNode> Roots { get; }

    internal IReadOnlyList<string> Texts { get; }

    /// <summary>The steps of the plan, one line each, inputs first; for people and for comparing two plans.</summary>
    public string Explain() => string.Join("\n\n", Roots.Select(root => root.Explain()));
}

/// <summary>A series target and the columns of its rows, without device and time.</summary>
public sealed record PipelineTarget(string Name, IReadOnlyList<PipelineColumn> Columns);

/// <summary>A column that leaves the pipeline; the unit is null where it is not known.</summary>
public sealed record PipelineColumn(string Name, string? Unit);
