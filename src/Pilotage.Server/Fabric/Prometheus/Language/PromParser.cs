namespace Pilotage.Server.Fabric.Prometheus.Language;

/// <summary>Reads the subset of PromQL that is answered here. Never throws on a query; what Prometheus knows beyond it is named.</summary>
/// <remarks>Grammar: sum of products of signed terms; a term is a number, a selector, a call, an aggregation, or a sum in brackets.</remarks>
internal sealed partial class PromParser
{
    /// <summary>Longest query.</summary>
    public const int CharsMax = 16 * 1024;

    // A bracket in a bracket is a call in a call here; real queries have a handful.
    private const int DepthMax = 50;
    private const int LabelsMax = 100;
    private static readonly string[] Foreign = ["and", "or", "unless", "atan2", "bool", "on", "ignoring", "group_left", "group_right", "start", "end"];
    private readonly IReadOnlyList<PromToken> _tokens;
    private int _next;
    private int _depth;
    private Refusal? _refusal;

    private PromParser(IReadOnlyList<PromToken> tokens) => _tokens = tokens;

    private PromToken Now => _tokens[_next];

    /// <summary>Reads a query.</summary>
    public static Outcome<PromExpression> Read(string query) => Tokens(query).Then(tokens =>
    {
        var parser = new PromParser(tokens);
        var read = parser.Sum();
        if (read is not null && parser.Now.Kind != PromTokenKind.End)
        {
            parser.Unexpected("an operator or the end");
        }

        return parser._refusal is { } refusal ? refusal : (Outcome<PromExpression>)read!;
    });

    /// <summary>Reads a selector alone, as parameters called <c>match[]</c> have them.</summary>
    public static Outcome<PromSelector> ReadSelector(string text) => Read(text).Then(read => read is PromSelector { OffsetNs: 0 } selector
        ? selector
        : (Outcome<PromSelector>)PromFault.At(0, "a series selector is wanted, such as temperature{device=\"pump-7\"}"));

    private static Outcome<IReadOnlyList<PromToken>> Tokens(string query) => query.Length > CharsMax
        ? PromFault.At(CharsMax, $"the query is longer than {CharsMax} characters")
        : new PromLexer(query).Read();

    private PromExpression? Sum()
    {
        if (++_depth > DepthMax)
        {
            return Fail(PromFault.At(Now.At, $"there are more than {DepthMax} brackets within one another"));
        }

        var left = Product();
        while (left is not null && (Now.Is("+") || Now.Is("-")))
        {
            left = Arithmetic(left, Product);
        }

        _depth--;
        return left is not null && IsForeign() ? null : left;
    }

    private PromExpression? Product()
    {
        var left = Signed();
        while (left is not null && (Now.Is("*") || Now.Is("/")))
        {
            left = Arithmetic(left, Signed);
        }

        return left;
    }

    private PromExpression? Arithmetic(PromExpression left, Func<PromExpression?> next)
    {
        var sign = _tokens[_next++];
        return (left, next()) switch
        {
            (_, null) => null,
            (PromNumber one, PromNumber other) => new PromNumber(PromArithmetics.Of(sign.Text[0], one.Value, other.Value)),
            (PromNumber number, var vector) => new PromArithmetic(sign.Text[0], vector, number.Value, IsNumberFirst: true),
            (var vector, PromNumber number) => new PromArithmetic(sign.Text[0], vector, number.Value, IsNumberFirst: false),
            _ => Fail(PromFault.NotSupported(sign.At, $"{sign.Text} between two vectors")),
        };
    }

    private PromExpression? Signed()
    {
        var isNegative = false;
        while (Now.Is("-") || Now.Is("+"))
        {
            isNegative ^= Now.Is("-");
            _next++;
        }

        var term = Term();
        return (isNegative, term) switch
        {
            (false, _) or (_, null) => term,
            (_, PromNumber number) => new PromNumber(-number.Value),
            _ => new PromArithmetic('*', term, -1, IsNumberFirst: false),
        };
    }

    private PromExpression? Term()
    {
        var token = Now;
        switch (token.Kind)
        {
            case PromTokenKind.Number:
                _next++;
                return new PromNumber(token.Number);
            case PromTokenKind.Symbol when token.Text == "(":
                _next++;
                var inner = Sum();
                return inner is not null && Expect(")") ? AfterTerm(inner) : null;
            case PromTokenKind.Symbol when token.Text == "{":
                return Selector() is { } selector ? AfterTerm(selector) : null;
            case PromTokenKind.Name when AggregatorOf(token.Text) is { } aggregator && _tokens[_next + 1] is var after && (after.Is("(") || after.IsWord("by") || after.IsWord("without")):
                _next++;
                return Aggregation(aggregator);
            case PromTokenKind.Name when _tokens[_next + 1].Is("("):
                return Call();
            case PromTokenKind.Name:
                return Selector() is { } named ? AfterTerm(named) : null;
            case PromTokenKind.Text:
                return Fail(PromFault.NotSupported(token.At, "a text by itself"));
            default:
                return Unexpected("a selector, a call or a number");
        }
    }

    /// <summary>What may not follow: ranges belong into calls, and subqueries and @ are not answered.</summary>
    private PromExpression? AfterTerm(PromExpression term) =>
        Now.Is("[") ? Fail(PromFault.NotSupported(Now.At, "a range outside of a function, or a subquery,"))
        : Now.Is("@") ? Fail(PromFault.NotSupported(Now.At, "@"))
        : Now.IsWord("offset") ? Fail(PromFault.At(Now.At, "offset follows a selector and nothing else"))
        : term;

    private bool IsForeign()
    {
        var token = Now;
        var isForeign = (token.Kind == PromTokenKind.Symbol && token.Text is "%" or "^" or "==" or "!=" or "<" or ">" or "<=" or ">=")
            || (token.Kind == PromTokenKind.Name && Foreign.Contains(token.Text.ToLowerInvariant()));
        _refusal ??= isForeign ? PromFault.NotSupported(token.At, token.Text) : null;
        return isForeign;
    }

    private bool Expect(string symbol)
    {
        if (Now.Is(symbol))
        {
            _next++;
            return true;
        }

        Unexpected($"\"{symbol}\"");
        return false;
    }

    private PromExpression? Unexpected(string wanted) => Fail(PromFault.At(Now.At, $"unexpected {Now.Shown}, {wanted} is wanted"));

    private PromExpression? Fail(Refusal refusal)
    {
        _refusal ??= refusal;
        return null;
    }
}
