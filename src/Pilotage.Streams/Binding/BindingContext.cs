using Pilotage.Streams.Syntax;

namespace Pilotage.Streams.Binding;

/// <summary>What the whole text shares while it is bound: parameters, limits and the pool of texts.</summary>
internal sealed class BindingContext(IReadOnlyDictionary<string, double> parameters, PipelineLimits limits)
{
    private readonly List<string> _texts = [];

    public PipelineLimits Limits => limits;

    /// <summary>What a question knows beyond what a pipeline does; null for a pipeline.</summary>
    public QueryScope? Query { get; init; }

    /// <summary>After how long without a row state is forgotten, for the statements that follow; 0 is never.</summary>
    public long TtlNs { get; set; }

    public IReadOnlyList<string> Texts => _texts;

    public int TextIndex(string text)
    {
        var found = _texts.IndexOf(text);
        if (found < 0)
        {
            found = _texts.Count;
            _texts.Add(text);
        }

        return found;
    }

    public double Parameter(SourcePosition at, string name)
    {
        if (!parameters.TryGetValue(name, out var value))
        {
            throw CompileFault.Unknown(at, "parameter", name, parameters.Keys, "");
        }

        return double.IsFinite(value) ? value : throw CompileFault.Type(
            at, $"The parameter {name} is not a finite number.");
    }

    /// <summary>A number of rows that is known now.</summary>
    public int Rows(AmountSyntax amount)
    {
        var rows = Number(amount.Value);
        if (rows < 0 || rows != Math.Floor(rows))
        {
            throw CompileFault.Type(amount.At, $"Expected a whole number of rows, found {rows}.");
        }

        // The current row counts too.
        return rows < limits.WindowRowsMax
            ? (int)rows
            : throw CompileFault.Limit(
                amount.At, $"A window of {rows} rows; at most {limits.WindowRowsMax - 1} before the current one.");
    }

    /// <summary>A length of time that is known now, in nanoseconds and at least one millisecond.</summary>
    public long DurationNs(AmountSyntax amount)
    {
        if (TimeUnits.ToNs(amount.TimeUnit!) is not { } unit)
        {
            throw CompileFault.Unknown(amount.At, "unit", amount.TimeUnit!, TimeUnits.Names, " of time");
        }

        var ns = Math.Round(Number(amount.Value) * unit);
        return ns is >= TimeUnits.MillisecondNs and <= TimeUnits.LongestNs
            ? (long)ns
            : throw CompileFault.Limit(amount.At, "An interval lies between one millisecond and 3,650 days.");
    }

    /// <summary>A number that is known now.</summary>
    public double Number(ExpressionSyntax value) => value switch
    {
        ParameterSyntax parameter => Parameter(parameter.At, parameter.Name),
        NumberSyntax number => number.Value,
        _ => throw CompileFault.Type(value.At, "Expected a number."),
    };
}
