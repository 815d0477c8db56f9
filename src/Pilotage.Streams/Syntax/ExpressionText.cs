using System.Globalization;

namespace Pilotage.Streams.Syntax;

/// <summary>An expression as one line of the dialect; a window that has a name is written out.</summary>
/// <param name="windows">Windows of the query by name.</param>
internal sealed class ExpressionText(IReadOnlyDictionary<string, WindowSyntax> windows)
{
    public string Of(ExpressionSyntax expression) => expression switch
    {
        NumberSyntax number => number.Value.ToString("R", CultureInfo.InvariantCulture),
        TextSyntax text => Quoted(text.Value),
        TimestampSyntax time => $"TIMESTAMP {Quoted(time.Value)}",
        IntervalSyntax interval => Of(interval.Length),
        BooleanSyntax truth => truth.Value ? "TRUE" : "FALSE",
        NullSyntax => "NULL",
        ParameterSyntax parameter => $"${{{parameter.Name}}}",
        ColumnSyntax column => column.Name,
        UnarySyntax unary => $"{unary.Operator.ToUpperInvariant()}{(unary.Operator == "-" ? "" : " ")}{Inner(unary.Operand)}",
        BinarySyntax binary => $"{Inner(binary.Left)} {binary.Operator.ToUpperInvariant()} {Inner(binary.Right)}",
        IsNullSyntax isNull => $"{Inner(isNull.Operand)} IS {(isNull.Negated ? "NOT " : "")}NULL",
        CaseSyntax chosen => Of(chosen),
        CallSyntax { Name: "CAST", Arguments: [var cast, TextSyntax type] } => $"CAST({Of(cast)} AS {type.Value.ToUpperInvariant()})",
        CallSyntax { Name: "LIKE" } like => $"{Inner(like.Arguments[0])} LIKE {Of(like.Arguments[1])}{(like.Arguments.Count > 2 ? $" ESCAPE {Of(like.Arguments[2])}" : "")}",
        CallSyntax { Name: CallSyntax.CountDistinct } count => $"COUNT(DISTINCT {string.Join(", ", count.Arguments.Select(Of))}){Of(count.Over)}",
        CallSyntax { Name: CallSyntax.FloorTo or CallSyntax.CeilTo, Arguments: [var time, TextSyntax unit] } step => $"{step.Name.Split(' ')[0]}({Of(time)} TO {unit.Value})",
        CallSyntax { Name: CallSyntax.AtTimeZone, Arguments: [var time, var zone] } => $"{Inner(time)} AT TIME ZONE {Of(zone)}",
        CallSyntax { Name: "EXTRACT", Arguments: [TextSyntax unit, var time] } => $"EXTRACT({unit.Value} FROM {Of(time)})",
        CallSyntax { Name: "IS_JSON" } json => $"{Inner(json.Arguments[0])} IS JSON",
        CallSyntax call => $"{call.Name.ToUpperInvariant()}({(call.IsStar ? "*" : string.Join(", ", call.Arguments.Select(Of)))}){Of(call.Over)}",
        _ => "…",
    };

    /// <summary>The columns that an expression reads, each as often as it stands there.</summary>
    public static IEnumerable<ColumnSyntax> ColumnsOf(ExpressionSyntax expression) =>
        expression is ColumnSyntax column ? [column] : Parts(expression).SelectMany(ColumnsOf);

    /// <summary>The expressions that one is made of.</summary>
    public static IEnumerable<ExpressionSyntax> Parts(ExpressionSyntax expression) => expression switch
    {
        UnarySyntax unary => [unary.Operand],
        BinarySyntax binary => [binary.Left, binary.Right],
        IsNullSyntax isNull => [isNull.Operand],
        CaseSyntax chosen => chosen.Arms.SelectMany(arm => new[] { arm.When, arm.Then }).Append(chosen.Operand).Append(chosen.Otherwise).OfType<ExpressionSyntax>(),

        // The unit is written like a column.
        CallSyntax call when call.Name.StartsWith("TIMESTAMP", StringComparison.OrdinalIgnoreCase) => call.Arguments.Skip(1),
        CallSyntax call => call.Arguments,
        _ => [],
    };

    private string Of(CaseSyntax chosen) =>
        $"CASE{(chosen.Operand is { } operand ? $" {Of(operand)}" : "")}{string.Concat(chosen.Arms.Select(arm => $" WHEN {Of(arm.When)} THEN {Of(arm.Then)}"))}"
        + $"{(chosen.Otherwise is { } otherwise ? $" ELSE {Of(otherwise)}" : "")} END";

    private string Of(OverSyntax? over) => over is null ? ""
        : (over.Window ?? windows.GetValueOrDefault(over.Name ?? "")) is { } window ? $" OVER ({Of(window)})"
        : $" OVER {over.Name}";

    private string Of(WindowSyntax window) => string.Join(' ', new[]
    {
        window.PartitionBy.Count > 0 ? $"PARTITION BY {string.Join(", ", window.PartitionBy.Select(column => column.Name))}" : null,
        window.OrderBy is { } order ? $"ORDER BY {order.Name}" : null,
        window.Frame is { } frame ? $"{(frame.IsRange ? "RANGE" : "ROWS")} BETWEEN {(frame.Preceding is { } amount ? Of(amount) : "UNBOUNDED")} PRECEDING AND CURRENT ROW" : null,
    }.OfType<string>());

    private string Of(AmountSyntax amount) => amount.TimeUnit is { } unit ? $"INTERVAL '{Of(amount.Value)}' {unit.ToUpperInvariant()}" : Of(amount.Value);

    // Brackets that are not needed do no harm, and one that is missing would.
    private string Inner(ExpressionSyntax expression) => expression is BinarySyntax ? $"({Of(expression)})" : Of(expression);

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
