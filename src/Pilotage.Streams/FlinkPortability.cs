using System.Globalization;
using Pilotage.Core;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams;

/// <summary>What of a text a Flink cluster does not have, or means otherwise, each at its place.</summary>
public static class FlinkPortability
{
    private const string Prefix = "pilotage.";
    private const string Aggregate = "a user-defined aggregate";

    private static readonly Dictionary<string, string> Functions = new(StringComparer.OrdinalIgnoreCase)
    {
        ["RMS"] = "SQRT(AVG(x * x))",
        ["REGR_SLOPE"] = Aggregate,
        ["LEAD"] = "LAG of the row after it, or MATCH_RECOGNIZE: streams have no LEAD there",
        ["MEDIAN"] = "PERCENTILE(x, 0.5)",
        ["PEAK_TO_PEAK"] = "MAX(x) - MIN(x)",
        ["CREST_FACTOR"] = Aggregate,
        ["SKEWNESS"] = Aggregate,
        ["KURTOSIS"] = Aggregate,
        ["CORR"] = Aggregate,
        ["COVAR_POP"] = Aggregate,
        ["COVAR_SAMP"] = Aggregate,
        ["REGR_INTERCEPT"] = Aggregate,
        ["REGR_R2"] = Aggregate,
        ["BAND_ENERGY"] = Aggregate,
        ["UNIX_TIMESTAMP"] = "UNIX_TIMESTAMP(CAST(t AS STRING)) in a session of UTC",
        [CallSyntax.AtTimeZone] = "a session in that zone: SET 'table.local-time-zone'",
        ["CAST"] = "TRY_CAST, where a text may not be a number: CAST fails there and is NULL here",
    };

    /// <summary>What is so everywhere in a text.</summary>
    public static IReadOnlyList<string> Remarks { get; } =
    [
        "Declare each thing as a table with WATERMARK FOR ts AS ts - INTERVAL …, and models with CREATE MODEL; put several INSERTs into a statement set.",
        "Units are not checked there.",
        "Watermarks are per source there and per device here: a fast device makes slow ones late.",
        "A division by zero fails or gives an infinity there and NULL here, and whole numbers divide as whole numbers there.",
        "OVER windows wait for the watermark there, and rows of one time see one another; here a row is answered when it arrives.",
    ];

    /// <summary>Reads a text and lists what is to be changed, in order of place; refused where it is no text of this dialect.</summary>
    public static Outcome<IReadOnlyList<PortabilityNote>> Check(string sql)
    {
        try
        {
            var notes = new List<PortabilityNote>();
            foreach (var statement in Parser.Parse(sql, new PipelineLimits()))
            {
                Of(statement, notes);
            }

            return notes.OrderBy(note => note.Line).ThenBy(note => note.Column).ToList();
        }
        catch (CompileFault fault)
        {
            return fault.ToRefusal();
        }
    }

    private static void Of(StatementSyntax statement, List<PortabilityNote> notes)
    {
        switch (statement)
        {
            case SetSyntax setting when setting.Key.StartsWith(Prefix, StringComparison.Ordinal):
                Add(notes, setting.At, $"SET '{setting.Key}'", Setting(setting.Key));
                break;
            case InsertSyntax insert:
                if (insert.Target.Text == "alerts")
                {
                    Add(notes, insert.Target.At, "alerts, which are raised, held and cleared", "a table of rows for which the condition holds, and a job of its own behind it");
                }

                Of(insert.Query, notes);
                break;
            case CreateViewSyntax view:
                Of(view.Query, notes);
                break;
        }
    }

    private static string Setting(string key) => key switch
    {
        "pilotage.lateness" => "the interval of WATERMARK FOR ts",
        "pilotage.late" => "an INSERT of its own of the rows WHERE ts <= CURRENT_WATERMARK(ts)",
        _ => "leave it out",
    };

    private static void Of(SelectSyntax select, List<PortabilityNote> notes)
    {
        foreach (var item in select.Items)
        {
            Of(item.Expression, notes);
        }

        Of(select.Where, notes);
        Of(select.Having, notes);
        foreach (var (_, window) in select.Windows)
        {
            Of(window, notes);
        }

        Of(select.From, notes);
    }

    private static void Of(RelationSyntax relation, List<PortabilityNote> notes)
    {
        switch (relation)
        {
            case SubqueryRelationSyntax subquery:
                Of(subquery.Query, notes);
                break;
            case JoinRelationSyntax join:
                Add(notes, join.Right.At, $"{join.Right.Name} by device", "a versioned table: PRIMARY KEY (device) NOT ENFORCED and a watermark, or a view of the last ROW_NUMBER() of each device");
                Of(join.On, notes);
                Of(join.Left, notes);
                break;
            case UnionRelationSyntax union:
                foreach (var query in union.Queries)
                {
                    Of(query, notes);
                }

                break;
            case WindowRelationSyntax window:
                if (window.Function.Text == "SESSION" && window.PartitionBy.Count == 0)
                {
                    Add(notes, window.At, "SESSION of each device", "SESSION(TABLE t PARTITION BY device, …)");
                }

                Of(window.Slide, notes);
                Of(window.Size, notes);
                Of(window.Input, notes);
                break;
            case PredictRelationSyntax predict:
                Of(predict.Input, notes);
                break;
        }
    }

    private static void Of(WindowSyntax? window, List<PortabilityNote> notes) => Of(window?.Frame?.Preceding, notes);

    private static void Of(AmountSyntax? amount, List<PortabilityNote> notes)
    {
        if (amount is null)
        {
            return;
        }

        Of(amount.Value, notes);
        if (amount is { TimeUnit: { } unit, Value: NumberSyntax { Value: >= 100 } number })
        {
            var (length, digits) = ($"INTERVAL '{number.Value}' {unit.ToUpperInvariant()}", number.Value.ToString("F0", CultureInfo.InvariantCulture).Length);
            Add(notes, amount.At, $"{length} of more than two digits", $"{length}({digits})");
        }
    }

    private static void Of(ExpressionSyntax? expression, List<PortabilityNote> notes)
    {
        switch (expression)
        {
            case null:
                return;
            case ParameterSyntax parameter:
                Add(notes, parameter.At, $"${{{parameter.Name}}}", "its number");
                break;
            case IntervalSyntax interval:
                Of(interval.Length, notes);
                break;
            case CallSyntax call:
                if (Functions.TryGetValue(call.Name, out var instead))
                {
                    Add(notes, call.At, call.Name.ToUpperInvariant(), instead);
                }

                Of(call.Over?.Window, notes);
                break;
        }

        foreach (var part in ExpressionText.Parts(expression))
        {
            Of(part, notes);
        }
    }

    private static void Add(List<PortabilityNote> notes, SourcePosition at, string what, string instead) => notes.Add(new(at.Line, at.Column, what, instead));
}

/// <summary>One thing to be changed for Flink: where it stands, what it is, and what to write there.</summary>
public sealed record PortabilityNote(int Line, int Column, string What, string Instead);
