using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Pilotage.Streams.Expressions;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams.Binding;

/// <summary>The functions that read or make texts, by name.</summary>
/// <remarks>Letters are Unicode code points and places count from 1, as in Flink. A result that is too long is NULL.</remarks>
internal static class TextFunctions
{
    // Regular expressions that take time in proportion to the text, whatever they say.
    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    // A letter beyond 16 bits is two code units.
    private const string Letter = "(?:[\\uD800-\\uDBFF][\\uDC00-\\uDFFF]|[^\\uD800-\\uDFFF])";
    private const char Number = 'N';
    private const char Constant = 'C';
    private const char Many = '*';

    private static readonly Dictionary<string, Signature> ByName = new(StringComparer.Ordinal)
    {
        ["UPPER"] = ToText("T", static (texts, v) => texts.Add(texts[v[0]].ToUpperInvariant())),
        ["LOWER"] = ToText("T", static (texts, v) => texts.Add(texts[v[0]].ToLowerInvariant())),
        ["INITCAP"] = ToText("T", static (texts, v) => texts.Add(Capitals(texts[v[0]]))),
        ["TRIM"] = ToText("Tt", static (texts, v) => texts.Add(texts[v[0]].AsSpan().Trim(Trimmed(texts, v)))),
        ["BTRIM"] = ToText("Tt", static (texts, v) => texts.Add(texts[v[0]].AsSpan().Trim(Trimmed(texts, v)))),
        ["LTRIM"] = ToText("Tt", static (texts, v) => texts.Add(texts[v[0]].AsSpan().TrimStart(Trimmed(texts, v)))),
        ["RTRIM"] = ToText("Tt", static (texts, v) => texts.Add(texts[v[0]].AsSpan().TrimEnd(Trimmed(texts, v)))),
        ["REVERSE"] = ToText("T", static (texts, v) => texts.Add(string.Concat(texts[v[0]].EnumerateRunes().Reverse()))),
        ["REPEAT"] = ToText("TN", static (texts, v) => Repeated(texts, texts[v[0]], v[1])),
        ["REPLACE"] = ToText("TTT", static (texts, v) => texts[v[1]].Length == 0 ? v[0] : texts.Add(texts[v[0]].Replace(texts[v[1]], texts[v[2]], StringComparison.Ordinal))),
        ["CONCAT"] = ToText("T*", static (texts, v) => Joined(texts, "", v)),
        ["CONCAT_WS"] = ToText("TT*", static (texts, v) => double.IsNaN(v[0]) ? Scalar.Null : Joined(texts, texts[v[0]], v[1..])) with { TakesNull = true },
        ["SUBSTRING"] = ToText("TNn", static (texts, v) => texts.Add(Part(texts[v[0]], v[1], v.Length > 2 ? v[2] : double.PositiveInfinity))),
        ["SUBSTR"] = ToText("TNn", static (texts, v) => texts.Add(Part(texts[v[0]], v[1], v.Length > 2 ? v[2] : double.PositiveInfinity))),
        ["LEFT"] = ToText("TN", static (texts, v) => texts.Add(Part(texts[v[0]], 1, v[1]))),
        ["RIGHT"] = ToText("TN", static (texts, v) => texts.Add(Part(texts[v[0]], Math.Max(Letters(texts[v[0]]) - Whole(v[1]) + 1, 1), Math.Max(v[1], 0)))),
        ["LPAD"] = ToText("TNT", static (texts, v) => Padded(texts, v, atLeft: true)),
        ["RPAD"] = ToText("TNT", static (texts, v) => Padded(texts, v, atLeft: false)),
        ["SPLIT_INDEX"] = ToText("TTN", static (texts, v) => Field(texts, texts[v[0]], texts[v[1]], v[2])),
        ["CHR"] = ToText("N", static (texts, v) => v[0] is >= 0 and < 0x110000 && Rune.IsValid((int)v[0]) ? texts.Add(new Rune((int)v[0]).ToString()) : Scalar.Null),
        ["MD5"] = ToText("T", static (texts, v) => texts.Add(Convert.ToHexStringLower(Md5(texts[v[0]])))),
        ["SHA256"] = ToText("T", static (texts, v) => texts.Add(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(texts[v[0]]))))),
        ["CHAR_LENGTH"] = ToNumber("T", static (texts, v) => Letters(texts[v[0]])),
        ["CHARACTER_LENGTH"] = ToNumber("T", static (texts, v) => Letters(texts[v[0]])),
        ["LENGTH"] = ToNumber("T", static (texts, v) => Letters(texts[v[0]])),
        ["ASCII"] = ToNumber("T", static (texts, v) => texts[v[0]].Length == 0 ? 0 : texts[v[0]].EnumerateRunes().First().Value),
        ["LOCATE"] = ToNumber("TTn", static (texts, v) => Place(texts[v[1]], texts[v[0]], v.Length > 2 ? v[2] : 1)),
        ["POSITION"] = ToNumber("TT", static (texts, v) => Place(texts[v[1]], texts[v[0]], 1)),
        ["INSTR"] = ToNumber("TT", static (texts, v) => Place(texts[v[0]], texts[v[1]], 1)),
        ["STARTSWITH"] = ToTruth("TT", static (texts, v) => Scalar.FromBoolean(texts[v[0]].StartsWith(texts[v[1]], StringComparison.Ordinal))),
        ["ENDSWITH"] = ToTruth("TT", static (texts, v) => Scalar.FromBoolean(texts[v[0]].EndsWith(texts[v[1]], StringComparison.Ordinal))),
        ["IS_JSON"] = ToTruth("T", static (texts, v) => Scalar.FromBoolean(JsonPath.IsJson(texts[v[0]]))),
        ["LIKE"] = With(ColumnType.Boolean, "TCc", static (at, constants) => Matches(Like(at, constants))),
        ["REGEXP"] = With(ColumnType.Boolean, "TC", static (at, constants) => Matches(Pattern(at, constants[0]))),
        ["REGEXP_EXTRACT"] = With(ColumnType.Text, "TCn", static (at, constants) => Extracted(Pattern(at, constants[0]))),
        ["REGEXP_REPLACE"] = With(ColumnType.Text, "TCT", static (at, constants) => Replaced(Pattern(at, constants[0]))),
        ["JSON_VALUE"] = With(ColumnType.Text, "TC", static (at, constants) => Of(Path(at, constants[0]).Value)),
        ["JSON_QUERY"] = With(ColumnType.Text, "TC", static (at, constants) => Of(Path(at, constants[0]).Part)),
        ["JSON_EXISTS"] = With(ColumnType.Boolean, "TC", static (at, constants) => Exists(Path(at, constants[0]))),
    };

    public static IEnumerable<string> Names => ByName.Keys.Where(name => name is not ("LIKE" or "IS_JSON"));

    /// <summary>Binds a call; null where there is no such function.</summary>
    public static Typed? Bind(CallSyntax call, string name, ExpressionBinder binder)
    {
        if (!ByName.TryGetValue(name, out var signature))
        {
            return null;
        }

        var (operands, constants) = (new List<Scalar>(), new List<string>());
        for (var i = 0; i < call.Arguments.Count; i++)
        {
            var argument = call.Arguments[i];
            switch (char.ToUpperInvariant(signature.At(i) ?? throw Miscounted(call, name, signature)))
            {
                case Constant:
                    constants.Add(argument is TextSyntax text ? text.Value : throw CompileFault.Type(
                        argument.At, $"{Shown(name)} takes a text that is written there, for it is made ready once."));
                    break;
                case Number:
                    operands.Add(binder.Bind(argument).As(ColumnType.Number, Shown(name)).Scalar);
                    break;
                default:
                    operands.Add(TextOf(binder.Bind(argument), name, binder.Context.Query is not null).Scalar);
                    break;
            }
        }

        if (call.Arguments.Count < signature.Least)
        {
            throw Miscounted(call, name, signature);
        }

        var spelled = constants.Count == 0 ? name : $"{name}['{string.Join("', '", constants)}']";
        return new(new TextFunctionScalar(spelled, signature.Make(call.At, constants), [.. operands], signature.TakesNull), signature.Result, null, call.At);
    }

    private static Typed TextOf(Typed value, string name, bool isQuery) => value.Type == ColumnType.Device
        ? throw CompileFault.Unsupported(value.At, isQuery
            ? "A device is no text. Devices are chosen by device = 'pump-7' or by a pattern of their path beside the question: path=acme/lyon/**, --path 'acme/lyon/**' on the command line."
            : "A device is no text: it can be selected and grouped by, not computed with.")
        : value.As(ColumnType.Text, Shown(name));

    private static CompileFault Miscounted(CallSyntax call, string name, Signature signature) => CompileFault.Type(
        call.At, $"{Shown(name)} takes {signature.Counted} arguments, found {call.Arguments.Count}.");

    private static string Shown(string name) => name.Replace('_', name == "IS_JSON" ? ' ' : '_');

    private static Signature ToText(string parameters, TextFunction function) => new(ColumnType.Text, parameters, (_, _) => function);

    private static Signature ToNumber(string parameters, TextFunction function) => new(ColumnType.Number, parameters, (_, _) => function);

    private static Signature ToTruth(string parameters, TextFunction function) => new(ColumnType.Boolean, parameters, (_, _) => function);

    private static Signature With(ColumnType result, string parameters, Func<SourcePosition, IReadOnlyList<string>, TextFunction> make) => new(result, parameters, make);

    private static byte[] Md5(string text)
    {
        // Names things, keeps nothing secret.
#pragma warning disable CA5351
        return MD5.HashData(Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5351
    }

    private static ReadOnlySpan<char> Trimmed(TextPool texts, ReadOnlySpan<double> values) => values.Length > 1 ? texts[values[1]] : " ";

    private static string Capitals(string text)
    {
        var letters = text.ToCharArray();
        for (var i = 0; i < letters.Length; i++)
        {
            var isFirst = i == 0 || !char.IsLetterOrDigit(letters[i - 1]);
            letters[i] = isFirst ? char.ToUpperInvariant(letters[i]) : char.ToLowerInvariant(letters[i]);
        }

        return new(letters);
    }

    private static int Letters(string text)
    {
        var length = text.Length;
        foreach (var letter in text)
        {
            length -= char.IsLowSurrogate(letter) ? 1 : 0;
        }

        return length;
    }

    private static double Whole(double value) => Math.Truncate(value);

    /// <summary>So many letters from a place on; places below zero count from the end.</summary>
    private static ReadOnlySpan<char> Part(string text, double place, double count)
    {
        var letters = Letters(text);
        place = Whole(place) switch { < 0 and var back => Math.Max(letters + back, 0), > 0 and var at => at - 1, _ => 0 };
        if (place >= letters || count < 1)
        {
            return [];
        }

        var end = Math.Min(place + Whole(count), letters);
        return letters == text.Length ? text.AsSpan((int)place, (int)(end - place)) : text.AsSpan(Unit(text, (int)place)..Unit(text, (int)end));
    }

    /// <summary>The code unit at which a letter begins.</summary>
    private static int Unit(string text, int letter)
    {
        var at = 0;
        for (; letter > 0; letter--)
        {
            at += char.IsHighSurrogate(text[at]) && at + 1 < text.Length ? 2 : 1;
        }

        return at;
    }

    private static double Place(string text, string sought, double from)
    {
        var start = from < 1 ? -1 : (int)Math.Min(Whole(from) - 1, int.MaxValue);
        var unit = start < 0 || start > Letters(text) ? -1 : Unit(text, start);
        var found = unit < 0 ? -1 : text.IndexOf(sought, unit, StringComparison.Ordinal);
        return found < 0 ? 0 : Letters(text[..found]) + 1;
    }

    private static double Repeated(TextPool texts, string text, double times)
    {
        var count = Math.Max(Whole(times), 0);
        if (count * text.Length > texts.LongestText)
        {
            texts.Refused++;
            return Scalar.Null;
        }

        return texts.Add(new StringBuilder().Insert(0, text, (int)count).ToString());
    }

    private static double Joined(TextPool texts, string between, ReadOnlySpan<double> values)
    {
        var (joined, isFirst) = (new StringBuilder(), true);
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
            {
                joined.Append(isFirst ? "" : between).Append(texts[value]);
                isFirst = false;
            }
        }

        return texts.Add(joined.ToString());
    }

    private static double Padded(TextPool texts, ReadOnlySpan<double> values, bool atLeft)
    {
        var (text, length, pad) = (texts[values[0]], Whole(values[1]), texts[values[2]]);
        if (length < 0 || pad.Length == 0)
        {
            return Scalar.Null;
        }

        if (length > texts.LongestText)
        {
            texts.Refused++;
            return Scalar.Null;
        }

        var missing = (int)length - Letters(text);
        if (missing <= 0)
        {
            return texts.Add(Part(text, 1, length));
        }

        var filling = new StringBuilder();
        for (var left = missing; left > 0; left -= Letters(pad))
        {
            filling.Append(Part(pad, 1, left));
        }

        return texts.Add(atLeft ? $"{filling}{text}" : $"{text}{filling}");
    }

    private static double Field(TextPool texts, string text, string between, double index)
    {
        var rest = text.AsSpan();
        for (var i = 0; index >= 0 && between.Length > 0; i++)
        {
            var end = rest.IndexOf(between, StringComparison.Ordinal);
            if (i == (long)index)
            {
                return texts.Add(end < 0 ? rest : rest[..end]);
            }

            if (end < 0)
            {
                break;
            }

            rest = rest[(end + between.Length)..];
        }

        return Scalar.Null;
    }

    private static Regex Pattern(SourcePosition at, string pattern)
    {
        try
        {
            return new(pattern, Linear);
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            throw CompileFault.Type(at, $"'{pattern}' is no regular expression here: {fault.Message.TrimEnd('.')}. Look-around and back-references are not part of it, so that every text is matched in time proportional to its length.");
        }
    }

    private static Regex Like(SourcePosition at, IReadOnlyList<string> constants)
    {
        var (pattern, escape) = (new StringBuilder("^"), constants.Count > 1 ? constants[1] : "\\");
        if (escape.Length != 1)
        {
            throw CompileFault.Type(at, $"ESCAPE takes one letter, found '{escape}'.");
        }

        for (var i = 0; i < constants[0].Length; i++)
        {
            var letter = constants[0][i];
            if (letter == escape[0] && i + 1 < constants[0].Length && (constants[0][i + 1] is '%' or '_' || constants[0][i + 1] == letter))
            {
                pattern.Append(Regex.Escape(constants[0][++i].ToString(CultureInfo.InvariantCulture)));
            }
            else
            {
                pattern.Append(letter switch { '%' => ".*", '_' => Letter, _ => Regex.Escape(letter.ToString(CultureInfo.InvariantCulture)) });
            }
        }

        return new($"{pattern}\\z", Linear | RegexOptions.Singleline);
    }

    private static TextFunction Matches(Regex pattern) => (texts, values) => Scalar.FromBoolean(pattern.IsMatch(texts[values[0]]));

    private static TextFunction Extracted(Regex pattern) => (texts, values) =>
    {
        var (group, found) = (values.Length > 1 ? values[1] : 0, pattern.Match(texts[values[0]]));
        return found.Success && group >= 0 && group < found.Groups.Count && found.Groups[(int)group] is { Success: true } part ? texts.Add(part.ValueSpan) : Scalar.Null;
    };

    private static TextFunction Replaced(Regex pattern) => (texts, values) => texts.Add(pattern.Replace(texts[values[0]], texts[values[1]]));

    private static JsonPath Path(SourcePosition at, string path) => JsonPath.Read(path)
        ?? throw CompileFault.Type(at, $"'{path}' is no path into a JSON document here; write it as '$.pump.state', '$.readings[0]' or '$[''two words'']'.");

    private static TextFunction Of(Func<string, string?> find) => (texts, values) => find(texts[values[0]]) is { } found ? texts.Add(found) : Scalar.Null;

    private static TextFunction Exists(JsonPath path) => (texts, values) => Scalar.FromBoolean(path.Exists(texts[values[0]]));

    /// <summary>What a function takes: <c>T</c> a text, <c>N</c> a number, <c>C</c> a constant text, small letters where it may be left out, a star for more of the last.</summary>
    private sealed record Signature(ColumnType Result, string Parameters, Func<SourcePosition, IReadOnlyList<string>, TextFunction> Make)
    {
        public bool TakesNull { get; init; }

        public int Least => Parameters.Count(char.IsUpper);

        public int Most => Parameters.EndsWith(Many) ? int.MaxValue : Parameters.Length;

        /// <summary>How many it takes, in words.</summary>
        public string Counted => Most == Least ? $"{Least}" : Most == int.MaxValue ? $"at least {Least}" : $"{Least} to {Most}";

        public char? At(int argument) => argument < Parameters.Length && Parameters[argument] != Many ? Parameters[argument]
            : Parameters.EndsWith(Many) ? Parameters[^2] : null;
    }
}
