namespace Pilotage.Streams.Syntax;

/// <summary>A statement as written.</summary>
internal abstract record StatementSyntax(SourcePosition At);

internal sealed record CreateViewSyntax(SourcePosition At, NameSyntax Name, SelectSyntax Query) : StatementSyntax(At);

internal sealed record InsertSyntax(SourcePosition At, NameSyntax Target, SelectSyntax Query) : StatementSyntax(At);

/// <summary><c>SET 'key' = 'value'</c>, in force for the statements that follow.</summary>
internal sealed record SetSyntax(
    SourcePosition At, string Key, SourcePosition ValueAt, string Value) : StatementSyntax(At);

/// <summary>A name and where it stands.</summary>
internal readonly record struct NameSyntax(SourcePosition At, string Text);

internal sealed record SelectSyntax(
    SourcePosition At,
    IReadOnlyList<SelectItemSyntax> Items,
    RelationSyntax From,
    ExpressionSyntax? Where,
    IReadOnlyList<ColumnSyntax>? GroupBy,
    ExpressionSyntax? Having,
    IReadOnlyList<(NameSyntax Name, WindowSyntax Window)> Windows);

/// <summary>One column of a select list; no expression means <c>*</c>.</summary>
internal sealed record SelectItemSyntax(SourcePosition At, ExpressionSyntax? Expression, NameSyntax? Alias);

/// <summary>What stands after <c>FROM</c>.</summary>
internal abstract record RelationSyntax(SourcePosition At)
{
    public string? Alias { get; set; }
}

internal sealed record NamedRelationSyntax(SourcePosition At, string Name) : RelationSyntax(At);

internal sealed record SubqueryRelationSyntax(SourcePosition At, SelectSyntax Query) : RelationSyntax(At);

/// <summary><c>a [LEFT] JOIN b FOR SYSTEM_TIME AS OF a.ts ON …</c>.</summary>
internal sealed record JoinRelationSyntax(
    SourcePosition At, RelationSyntax Left, NamedRelationSyntax Right, bool IsLeft, ColumnSyntax AsOf, ExpressionSyntax On) : RelationSyntax(At);

/// <summary>The queries of <c>a UNION ALL b</c>, which is read as <c>SELECT *</c> from them.</summary>
internal sealed record UnionRelationSyntax(SourcePosition At, IReadOnlyList<SelectSyntax> Queries) : RelationSyntax(At);

/// <summary><c>TUMBLE</c>, <c>HOP</c> and <c>CUMULATE</c>, which have a slide or step, or <c>SESSION</c>, whose size is the gap.</summary>
internal sealed record WindowRelationSyntax(
    SourcePosition At,
    NameSyntax Function,
    RelationSyntax Input,
    IReadOnlyList<ColumnSyntax> PartitionBy,
    ColumnSyntax TimeColumn,
    AmountSyntax? Slide,
    AmountSyntax Size) : RelationSyntax(At);

internal sealed record PredictRelationSyntax(
    SourcePosition At,
    RelationSyntax Input,
    NameSyntax Model,
    IReadOnlyList<ColumnSyntax> Columns) : RelationSyntax(At);
