namespace Pilotage.Streams.Syntax;

/// <summary>A question to stored rows: views, one query, and the order and number of what is told.</summary>
internal sealed record QuerySyntax(
    IReadOnlyList<CreateViewSyntax> Views, SelectSyntax Select, IReadOnlyList<OrderSyntax> OrderBy, LimitSyntax? Limit);

/// <summary>One column of <c>ORDER BY</c>.</summary>
internal sealed record OrderSyntax(ColumnSyntax Column, bool Descending);

/// <summary><c>LIMIT n</c>.</summary>
internal sealed record LimitSyntax(SourcePosition At, double Rows);
