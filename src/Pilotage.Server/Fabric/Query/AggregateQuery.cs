using System.Collections.Immutable;

namespace Pilotage.Server.Fabric.Query;

/// <summary>What is put in a window that holds no point.</summary>
internal enum Fill
{
    /// <summary>The window is left out.</summary>
    None,

    /// <summary>The window is there and has no value.</summary>
    Null,

    /// <summary>The value of the window before.</summary>
    Previous,

    /// <summary>On the line between the windows before and after.</summary>
    Linear,
}

/// <summary>Series of many devices, summed up by windows and groups.</summary>
internal sealed record AggregateQuery
{
    public required string Property { get; init; }

    public required IReadOnlyList<AggregateSource> Sources { get; init; }

    /// <summary>What values are told in; null where that is not known, or not the same for all groups.</summary>
    public string? Unit { get; init; }

    /// <summary>What each group is told in, where that is not the same for all.</summary>
    public IReadOnlyDictionary<string, string> Units { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>What is left out of the groups; null where nothing is.</summary>
    public string? Note { get; init; }

    /// <summary>The first time that counts.</summary>
    public long FromNs { get; init; } = long.MinValue;

    /// <summary>The first time that counts no more.</summary>
    public long ToNs { get; init; } = long.MaxValue;

    /// <summary>Length of a window, aligned to the epoch; without one, the whole time is one.</summary>
    public long? WindowNs { get; init; }

    public IReadOnlyList<AggregateFunction> Functions { get; init; } = [AggregateFunction.Avg];

    public Fill Fill { get; init; }

    /// <summary>So many groups are kept, by what <see cref="By"/> comes to over the whole time.</summary>
    public int? Top { get; init; }

    public AggregateFunction By { get; init; }

    /// <summary>Whether first or last points have to be known.</summary>
    public bool WithEnds => Functions.Any(AggregateFunctions.IsOfAnEnd) || (Top is not null && By.IsOfAnEnd());

    /// <summary>Whether the least come first.</summary>
    public bool Ascending { get; init; }
}
