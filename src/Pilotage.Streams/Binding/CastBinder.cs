using System.Globalization;
using Pilotage.Streams.Expressions;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams.Binding;

/// <summary>CAST and TRY_CAST, which are one here: what cannot be read as the other type is NULL.</summary>
internal static class CastBinder
{
    private static readonly Dictionary<string, ColumnType> Types = new(StringComparer.OrdinalIgnoreCase)
    {
        ["DOUBLE"] = ColumnType.Number,
        ["FLOAT"] = ColumnType.Number,
        ["REAL"] = ColumnType.Number,
        ["DECIMAL"] = ColumnType.Number,
        ["STRING"] = ColumnType.Text,
        ["VARCHAR"] = ColumnType.Text,
        ["CHAR"] = ColumnType.Text,
        ["BOOLEAN"] = ColumnType.Boolean,
        ["TIMESTAMP"] = ColumnType.Timestamp,
        ["TIMESTAMP_LTZ"] = ColumnType.Timestamp,
    };

    private static readonly Dictionary<string, (double Least, double Most)> Integers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["TINYINT"] = (sbyte.MinValue, sbyte.MaxValue),
        ["SMALLINT"] = (short.MinValue, short.MaxValue),
        ["INT"] = (int.MinValue, int.MaxValue),
        ["INTEGER"] = (int.MinValue, int.MaxValue),
        ["BIGINT"] = (-(1L << 53), 1L << 53),
    };

    public static Typed Bind(SourcePosition at, Typed value, TextSyntax type)
    {
        if (Integers.TryGetValue(type.Value, out var range))
        {
            var number = To(ColumnType.Number, type, value).Scalar;
            return new(new UnaryFunctionScalar(type.Value.ToUpperInvariant(), x => Math.Truncate(x) is var whole && whole >= range.Least && whole <= range.Most ? whole : Scalar.Null, number), ColumnType.Number, value.Unit, at);
        }

        return Types.TryGetValue(type.Value, out var wanted)
            ? To(wanted, type, value) with { At = at }
            : throw CompileFault.Unknown(type.At, "type", type.Value, Types.Keys.Concat(Integers.Keys), " to cast to");
    }

    private static Typed To(ColumnType wanted, TextSyntax type, Typed value)
    {
        TextFunction? made = (value.Type, wanted) switch
        {
            (ColumnType.Null, _) => null,
            (ColumnType.Text, ColumnType.Number) => static (texts, values) => double.TryParse(texts[values[0]].AsSpan().Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? Scalar.Finite(number) : Scalar.Null,
            (ColumnType.Text, ColumnType.Boolean) => static (texts, values) => Truth(texts[values[0]]),
            (ColumnType.Text, ColumnType.Timestamp) => static (texts, values) => TimeText.TryRead(texts[values[0]].Trim(), out var ns) ? Scalar.FromTime(ns) : Scalar.Null,
            (ColumnType.Number, ColumnType.Text) => static (texts, values) => texts.Add(values[0].ToString("R", CultureInfo.InvariantCulture)),
            (ColumnType.Boolean, ColumnType.Text) => static (texts, values) => texts.Add(values[0] == 1 ? "TRUE" : "FALSE"),
            (ColumnType.Timestamp or ColumnType.Rowtime, ColumnType.Text) => static (texts, values) => texts.Add(TimeText.Of(Scalar.ToTime(values[0]))),
            _ => null,
        };
        if (made is not null)
        {
            return new(new TextFunctionScalar($"CAST AS {wanted}", made, [value.Scalar]), wanted, null, value.At);
        }

        var isSame = value.Type == wanted || value.Type == ColumnType.Null || (value.IsTime && wanted == ColumnType.Timestamp);
        return (value.Type, wanted) switch
        {
            _ when isSame => value with { Type = wanted },
            (ColumnType.Boolean, ColumnType.Number) => value with { Type = ColumnType.Number },
            (ColumnType.Number, ColumnType.Boolean) => new(new UnaryFunctionScalar("TRUTH", static x => double.IsNaN(x) ? x : Scalar.FromBoolean(x != 0), value.Scalar), ColumnType.Boolean, null, value.At),
            _ => throw CompileFault.Type(type.At, $"There is no cast from {Typed.Shown(value.Type)} to {type.Value.ToUpperInvariant()}."),
        };
    }

    private static double Truth(string text) => text.Trim().ToUpperInvariant() switch
    {
        "TRUE" or "T" or "YES" or "Y" or "1" => 1,
        "FALSE" or "F" or "NO" or "N" or "0" => 0,
        _ => Scalar.Null,
    };
}
