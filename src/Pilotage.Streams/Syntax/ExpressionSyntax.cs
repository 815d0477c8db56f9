namespace Pilotage.Streams.Syntax;

/// <summary>An expression as written, before names and types are known.</summary>
internal abstract record ExpressionSyntax(SourcePosition At)
{
    /// <summary>Levels below and including this one; the parser bounds it, so nobody who walks the tree
    /// overflows.</summary>
    public int Height { get; set; } = 1;

    /// <summary>Nodes in all, one that is used twice counted twice; bounded too, as <c>BETWEEN</c> and <c>IN</c> repeat
    /// their operand.</summary>
    public int Size { get; set; } = 1;
}

internal sealed record NumberSyntax(SourcePosition At, double Value) : ExpressionSyntax(At);

internal sealed record TextSyntax(SourcePosition At, string Value) : ExpressionSyntax(At);

/// <summary><c>TIMESTAMP '2026-01-31 08:00:00'</c>.</summary>
internal sealed record TimestampSyntax(SourcePosition At, string Value) : ExpressionSyntax(At);

/// <summary><c>INTERVAL '1' HOUR</c> where it is added to a time or taken from one.</summary>
internal sealed record IntervalSyntax(SourcePosition At, AmountSyntax Length) : ExpressionSyntax(At);

internal sealed record BooleanSyntax(SourcePosition At, bool Value) : ExpressionSyntax(At);

internal sealed record NullSyntax(SourcePosition At) : ExpressionSyntax(At);

internal sealed record ParameterSyntax(SourcePosition At, string Name) : ExpressionSyntax(At);

internal sealed record ColumnSyntax(SourcePosition At, string? Qualifier, string Name) : ExpressionSyntax(At);

/// <summary><c>NOT</c> or <c>-</c>.</summary>
internal sealed record UnarySyntax(SourcePosition At, string Operator, ExpressionSyntax Operand) : ExpressionSyntax(At);

/// <summary>Arithmetic, comparison, <c>AND</c> and <c>OR</c>; the position is the sign's.</summary>
internal sealed record BinarySyntax(SourcePosition At, string Operator, ExpressionSyntax Left, ExpressionSyntax Right)
    : ExpressionSyntax(At);

internal sealed record IsNullSyntax(SourcePosition At, ExpressionSyntax Operand, bool Negated) : ExpressionSyntax(At);

/// <summary><c>CASE [operand] WHEN … THEN … ELSE … END</c>; with an operand each arm compares with it.</summary>
internal sealed record CaseSyntax(
    SourcePosition At,
    ExpressionSyntax? Operand,
    IReadOnlyList<(ExpressionSyntax When, ExpressionSyntax Then)> Arms,
    ExpressionSyntax? Otherwise) : ExpressionSyntax(At);

/// <summary>A function, or an aggregate when <see cref="Over"/> is there or the query is grouped.</summary>
internal sealed record CallSyntax(
    SourcePosition At,
    string Name,
    IReadOnlyList<ExpressionSyntax> Arguments,
    bool IsStar,
    OverSyntax? Over) : ExpressionSyntax(At)
{
    /// <summary>What <c>COUNT(DISTINCT x)</c> is called; with a blank, so that nobody can write it.</summary>
    public const string CountDistinct = "COUNT DISTINCT";

    /// <summary>What <c>FLOOR(t TO unit)</c> is called.</summary>
    public const string FloorTo = "FLOOR TO";

    /// <summary>What <c>CEIL(t TO unit)</c> is called.</summary>
    public const string CeilTo = "CEIL TO";

    /// <summary>What <c>t AT TIME ZONE 'zone'</c> is called.</summary>
    public const string AtTimeZone = "AT TIME ZONE";
}

/// <summary><c>OVER w</c> or <c>OVER (…)</c>.</summary>
internal sealed record OverSyntax(SourcePosition At, string? Name, WindowSyntax? Window);

/// <summary><c>PARTITION BY … ORDER BY … ROWS|RANGE …</c>.</summary>
internal sealed record WindowSyntax(
    SourcePosition At,
    IReadOnlyList<ColumnSyntax> PartitionBy,
    ColumnSyntax? OrderBy,
    FrameSyntax? Frame);

/// <summary>A frame that ends at the current row.</summary>
internal sealed record FrameSyntax(SourcePosition At, bool IsRange, AmountSyntax? Preceding);

/// <summary>A number or parameter that must be known when the pipeline is compiled, in a time unit or in
/// rows.</summary>
internal sealed record AmountSyntax(SourcePosition At, ExpressionSyntax Value, string? TimeUnit);
