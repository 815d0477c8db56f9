using Pilotage.Streams.Expressions;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams.Binding;

/// <summary>The functions over times, by name: parts of them, steps of the calendar, and what they are as numbers and texts.</summary>
internal static class TimeFunctions
{
    private const int ZoneCharsMax = 64;

    // Those that are called by the part they give.
    private static readonly string[] Parts = ["YEAR", "QUARTER", "MONTH", "WEEK", "DAYOFYEAR", "DAYOFMONTH", "DAYOFWEEK", "HOUR", "MINUTE", "SECOND"];
    private static readonly string[] Extracted = ["YEAR", "ISOYEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DOY", "DOW", "ISODOW", "HOUR", "MINUTE", "SECOND"];
    private static readonly string[] Units = ["MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"];

    public static IEnumerable<string> Names => Parts.Concat(["EXTRACT", "TIMESTAMPADD", "TO_TIMESTAMP_LTZ", "UNIX_TIMESTAMP", "DATE_FORMAT"]);

    /// <summary>Binds a call; null where there is no such function.</summary>
    public static Typed? Bind(CallSyntax call, string name, ExpressionBinder binder)
    {
        switch (name)
        {
            case "EXTRACT":
                var part = (TextSyntax)call.Arguments[0];
                return Extracted.Contains(part.Value) ? Field(call, part.Value, call.Arguments[1], binder)
                    : throw CompileFault.Unknown(part.At, "unit", part.Value, Extracted, " of time to extract");
            case CallSyntax.FloorTo or CallSyntax.CeilTo:
                return Step(call, name, binder);
            case "TIMESTAMPADD":
                return Add(call, binder);
            case "TO_TIMESTAMP_LTZ":
                return FromNumber(call, binder);
            case "UNIX_TIMESTAMP":
                return ToNumber(call, binder);
            case "DATE_FORMAT":
                return Format(call, binder);
            case CallSyntax.AtTimeZone:
                throw CompileFault.Unsupported(
                    call.At, "A time is an instant and the same everywhere. AT TIME ZONE says which clock a function reads it by: EXTRACT, HOUR and the like, FLOOR and CEIL to a unit, DATE_FORMAT.");
            default:
                if (!Parts.Contains(name))
                {
                    return null;
                }

                ExpressionBinder.Count(call, name, 1, 1);
                return Field(call, name, call.Arguments[0], binder);
        }
    }

    private static Typed Field(CallSyntax call, string part, ExpressionSyntax operand, ExpressionBinder binder)
    {
        var (time, zone) = Time(part, operand, binder);
        var field = Calendar.Field(part)!;
        var function = new TimeFunctionScalar(Spelled(part, zone), zone is null ? field : ns => field(zone.Local(ns)), time.Scalar);
        return new(Known(function, time), ColumnType.Number, null, call.At);
    }

    private static Typed Step(CallSyntax call, string name, ExpressionBinder binder)
    {
        var unit = (TextSyntax)call.Arguments[1];
        if (!Units.Contains(unit.Value))
        {
            throw CompileFault.Unknown(unit.At, "unit", unit.Value, Units, " of time");
        }

        var (time, zone) = Time($"{name} {unit.Value}", call.Arguments[0], binder);
        var clock = zone ?? Zone.Utc;
        var function = new TimeFunctionScalar(
            Spelled($"{name} {unit.Value}", zone), name == CallSyntax.FloorTo ? ns => Calendar.InRange(clock.Floor(ns, unit.Value)) : ns => Calendar.InRange(clock.Ceil(ns, unit.Value)), time.Scalar);
        return new(Known(function, time), ColumnType.Timestamp, null, call.At);
    }

    private static Typed Add(CallSyntax call, ExpressionBinder binder)
    {
        ExpressionBinder.Count(call, "TIMESTAMPADD", 3, 3);
        var unit = call.Arguments[0] is ColumnSyntax { Qualifier: null } name ? name.Name.ToUpperInvariant() : "";
        if (!Units.Contains(unit))
        {
            throw CompileFault.Syntax(call.Arguments[0].At, $"Expected a unit: {string.Join(", ", Units)}.");
        }

        var amount = binder.Bind(call.Arguments[1]).As(ColumnType.Number, "TIMESTAMPADD");
        var (time, zone) = Time("TIMESTAMPADD", call.Arguments[2], binder);
        if (zone is not null)
        {
            throw CompileFault.Unsupported(call.Arguments[2].At, "TIMESTAMPADD counts on the clock of UTC.");
        }

        var added = new TimeAddScalar(unit, amount.Scalar, time.Scalar);
        return new(amount.Scalar is LiteralScalar ? Known(added, time) : added, ColumnType.Timestamp, null, call.At);
    }

    private static Typed FromNumber(CallSyntax call, ExpressionBinder binder)
    {
        ExpressionBinder.Count(call, "TO_TIMESTAMP_LTZ", 1, 2);
        var precision = call.Arguments.Count > 1 ? binder.Context.Number(call.Arguments[1]) : 3;
        if (precision is not (0 or 3))
        {
            throw CompileFault.Type(call.Arguments[1].At, $"TO_TIMESTAMP_LTZ takes 0 for seconds or 3 for milliseconds, found {precision:R}.");
        }

        var number = binder.Bind(call.Arguments[0]).As(ColumnType.Number, "TO_TIMESTAMP_LTZ");
        var unitNs = precision == 0 ? Calendar.SecondNs : Calendar.SecondNs / 1_000;
        return new(new UnaryFunctionScalar($"TO_TIMESTAMP_LTZ {precision:R}", value => FromNumber(value, unitNs), number.Scalar), ColumnType.Timestamp, null, call.At);
    }

    private static double FromNumber(double value, long unitNs)
    {
        // What is whole of it apart, so that a time of today keeps its nanoseconds.
        var whole = Math.Floor(value);
        return Math.Abs(whole) > long.MaxValue / unitNs ? Scalar.Null : Calendar.InRange(((Int128)whole * unitNs) + (long)Math.Round((value - whole) * unitNs));
    }

    private static Typed ToNumber(CallSyntax call, ExpressionBinder binder)
    {
        if (call.Arguments.Count == 0)
        {
            throw CompileFault.Unsupported(call.At, "UNIX_TIMESTAMP() is the clock of whoever runs it, so a replay could not give the same; UNIX_TIMESTAMP(ts) is the time of the row.");
        }

        ExpressionBinder.Count(call, "UNIX_TIMESTAMP", 1, 1);
        var (time, zone) = Time("UNIX_TIMESTAMP", call.Arguments[0], binder);
        return zone is null ? new(Known(new TimeFunctionScalar("UNIX_TIMESTAMP", static ns => ns / Calendar.SecondNs, time.Scalar), time), ColumnType.Number, "s", call.At)
            : throw CompileFault.Unsupported(call.Arguments[0].At, "UNIX_TIMESTAMP is the same in every zone.");
    }

    private static Typed Format(CallSyntax call, ExpressionBinder binder)
    {
        ExpressionBinder.Count(call, "DATE_FORMAT", 2, 2);
        var (time, zone) = Time("DATE_FORMAT", call.Arguments[0], binder);
        if (call.Arguments[1] is not TextSyntax { Value.Length: <= DateFormat.PatternCharsMax } pattern)
        {
            throw CompileFault.Type(call.Arguments[1].At, $"DATE_FORMAT takes a pattern that is written here, such as 'yyyy-MM-dd HH:mm', of at most {DateFormat.PatternCharsMax} letters.");
        }

        if (DateFormat.Read(pattern.Value, out var fault) is not { } format)
        {
            throw CompileFault.Type(
                pattern.At, fault == '\'' ? "A quote in the pattern is never closed." : $"'{fault}' cannot stand so in a pattern of DATE_FORMAT; it takes y, M, d, D, E, H, h, m, s, S and a, and texts between two quotes each.");
        }

        var clock = zone ?? Zone.Utc;
        var made = new TextFunctionScalar(Spelled($"DATE_FORMAT '{pattern.Value}'", zone), (texts, values) => format.Of(texts, clock.Local(Scalar.ToTime(values[0]))), [time.Scalar]);
        return new(made, ColumnType.Text, null, call.At);
    }

    /// <summary>A time, and the clock to read it by where the text names one.</summary>
    private static (Typed Time, Zone? Zone) Time(string name, ExpressionSyntax operand, ExpressionBinder binder)
    {
        var zone = operand is CallSyntax { Name: CallSyntax.AtTimeZone } zoned ? Find((TextSyntax)zoned.Arguments[1]) : null;
        var time = binder.Bind(zone is null ? operand : ((CallSyntax)operand).Arguments[0]);
        return time.IsTime || time.Type == ColumnType.Null ? (time, zone)
            : throw CompileFault.Type(time.At, $"{name} expects a time, found {Typed.Shown(time.Type)}.");
    }

    private static Zone Find(TextSyntax name)
    {
        // A name, and no path to a file of the machine.
        var isName = name.Value.Length is > 0 and <= ZoneCharsMax && char.IsAsciiLetter(name.Value[0])
            && name.Value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '_' or '-' or '+');
        return isName && TimeZoneInfo.TryFindSystemTimeZoneById(name.Value, out var rules) ? new Zone(rules)
            : throw CompileFault.Type(name.At, $"'{(name.Value.Length <= ZoneCharsMax ? name.Value : name.Value[..ZoneCharsMax])}' is no time zone that this machine knows; write it as 'Europe/Berlin' or 'UTC'.");
    }

    private static string Spelled(string name, Zone? zone) => zone is null ? name : $"{name} AT {zone.Name}";

    // A constant is computed now, so that what a question reads of a table can be known from it.
    private static Scalar Known(Scalar made, Typed time) => time.Scalar is LiteralScalar ? new LiteralScalar(made.Evaluate(default, default)) : made;
}
