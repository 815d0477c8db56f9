namespace Pilotage.Streams.Syntax;

/// <summary>Expressions, loosest binding first: OR, AND, NOT, comparison, sum, product, sign.</summary>
internal sealed partial class Parser
{
    private ExpressionSyntax Expression()
    {
        Enter(tokens.Current.At);
        var expression = Disjunction();
        _depth--;
        return expression;
    }

    private ExpressionSyntax Disjunction()
    {
        var left = Conjunction();
        while (tokens.IsWord("OR"))
        {
            left = Binary(tokens.Take().At, "OR", left, Conjunction());
        }

        return left;
    }

    private ExpressionSyntax Conjunction()
    {
        var left = Negation();
        while (tokens.IsWord("AND"))
        {
            left = Binary(tokens.Take().At, "AND", left, Negation());
        }

        return left;
    }

    private ExpressionSyntax Negation()
    {
        if (!tokens.IsWord("NOT"))
        {
            return Comparison();
        }

        var at = tokens.Take().At;
        Enter(at);
        var operand = Negation();
        _depth--;
        return Sized(new UnarySyntax(at, "NOT", operand), 1, operand);
    }

    private ExpressionSyntax Comparison()
    {
        var left = Sum();
        var at = tokens.Current.At;
        if (tokens.Current is { Kind: TokenKind.Sign, Text: "=" or "<>" or "!=" or "<" or "<=" or ">" or ">=" })
        {
            var sign = tokens.Take().Text;
            return Binary(at, sign == "!=" ? "<>" : sign, left, Sum());
        }

        if (tokens.TakeWord("IS"))
        {
            var negated = tokens.TakeWord("NOT");
            if (tokens.TakeWord("JSON"))
            {
                var isJson = Sized(new CallSyntax(at, "IS_JSON", [left], IsStar: false, Over: null), 1, left);
                return negated ? Sized(new UnarySyntax(at, "NOT", isJson), 1, isJson) : isJson;
            }

            tokens.ExpectWord("NULL");
            return Sized(new IsNullSyntax(at, left, negated), 1, left);
        }

        RefuseLike(at);
        var not = tokens.IsWord("NOT") && (tokens.IsWord("BETWEEN", 1) || tokens.IsWord("IN", 1) || tokens.IsWord("LIKE", 1)) && tokens.TakeWord("NOT");
        ExpressionSyntax? found = tokens.TakeWord("BETWEEN") ? Between(at, left) : tokens.TakeWord("IN") ? In(at, left) : tokens.TakeWord("LIKE") ? Like(at, left) : null;
        return found is null ? left : not ? Sized(new UnarySyntax(at, "NOT", found), 1, found) : found;
    }

    /// <summary>Known from elsewhere, and not here: it says so before anything else is said of what follows.</summary>
    private void RefuseLike(SourcePosition at)
    {
        var word = tokens.IsWord("NOT") ? 1 : 0;
        foreach (var like in (ReadOnlySpan<string>)["ILIKE", "RLIKE", "REGEXP", "SIMILAR"])
        {
            // Without a text behind it, it is the name of a column.
            if (tokens.IsWord(like, word) && tokens.IsText(word + 1))
            {
                throw CompileFault.Unsupported(at, $"{like} is not part of the dialect; write x LIKE 'a%', LOWER(x) LIKE 'a%' or REGEXP(x, '^a').");
            }
        }
    }

    private CallSyntax Like(SourcePosition at, ExpressionSyntax operand)
    {
        ExpressionSyntax pattern = Sum();
        List<ExpressionSyntax> arguments = tokens.TakeWord("ESCAPE") ? [operand, pattern, Sum()] : [operand, pattern];
        return Sized(new CallSyntax(at, "LIKE", arguments, IsStar: false, Over: null), 1, [.. arguments]);
    }

    private BinarySyntax Between(SourcePosition at, ExpressionSyntax operand)
    {
        var low = Sum();
        tokens.ExpectWord("AND");
        var high = Sum();
        return Binary(at, "AND", Binary(at, ">=", operand, low), Binary(at, "<=", operand, high));
    }

    private ExpressionSyntax In(SourcePosition at, ExpressionSyntax operand)
    {
        tokens.ExpectSign("(");
        ExpressionSyntax? any = null;
        foreach (var item in List(Expression))
        {
            var equal = Binary(at, "=", operand, item);
            any = any is null ? equal : Binary(at, "OR", any, equal);
        }

        tokens.ExpectSign(")");
        return any!;
    }

    private ExpressionSyntax Sum()
    {
        var left = Product();
        while (tokens.IsSign("+") || tokens.IsSign("-") || tokens.IsSign("||"))
        {
            var sign = tokens.Take();
            var right = Product();
            left = sign.Text == "||" ? Sized(new CallSyntax(sign.At, "CONCAT", [left, right], IsStar: false, Over: null), 1, left, right) : Binary(sign.At, sign.Text, left, right);
        }

        return left;
    }

    private ExpressionSyntax Product()
    {
        var left = Signed();
        while (tokens.IsSign("*") || tokens.IsSign("/") || tokens.IsSign("%"))
        {
            var sign = tokens.Take();
            left = Binary(sign.At, sign.Text, left, Signed());
        }

        return left;
    }

    private ExpressionSyntax Signed()
    {
        if (!tokens.IsSign("-") && !tokens.IsSign("+"))
        {
            return Zoned(Primary());
        }

        var sign = tokens.Take();
        Enter(sign.At);
        var operand = Signed();
        _depth--;
        return sign.Text == "+" ? operand : Sized(new UnarySyntax(sign.At, "-", operand), 1, operand);
    }

    private ExpressionSyntax Primary()
    {
        var token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Number:
                return new NumberSyntax(tokens.Take().At, token.Number);
            case TokenKind.Text:
                return new TextSyntax(tokens.Take().At, token.Text);
            case TokenKind.Parameter:
                return new ParameterSyntax(tokens.Take().At, token.Text);
        }

        if (tokens.TakeSign("("))
        {
            var inner = Expression();
            tokens.ExpectSign(")");
            return inner;
        }

        if (TimeOrInterval() is { } time)
        {
            return time;
        }

        if (tokens.TakeWord("TRUE") || tokens.TakeWord("FALSE"))
        {
            return new BooleanSyntax(token.At, token.Text.Equals("TRUE", StringComparison.OrdinalIgnoreCase));
        }

        if (tokens.TakeWord("NULL"))
        {
            return new NullSyntax(token.At);
        }

        if (tokens.TakeWord("CASE"))
        {
            return Case(token.At);
        }

        // LEFT and RIGHT are words of joins, and functions where a bracket follows.
        var isFunction = tokens.IsName || tokens.IsWord("LEFT") || tokens.IsWord("RIGHT");
        return token.Kind == TokenKind.Name && tokens.IsSign("(", 1) && isFunction ? Call() : ColumnOr("an expression");
    }

    private ColumnSyntax ColumnOr(string what) => tokens.IsName ? Column() : throw tokens.Expected(what);

    private CaseSyntax Case(SourcePosition at)
    {
        var operand = tokens.IsWord("WHEN") ? null : Expression();
        var parts = new List<ExpressionSyntax>();
        var arms = new List<(ExpressionSyntax, ExpressionSyntax)>();
        while (tokens.TakeWord("WHEN"))
        {
            var when = Expression();
            tokens.ExpectWord("THEN");
            var then = Expression();
            arms.Add((when, then));
            parts.AddRange(operand is null ? [when, then] : [operand, when, then]);
        }

        if (arms.Count == 0)
        {
            throw tokens.Expected("WHEN");
        }

        var otherwise = tokens.TakeWord("ELSE") ? Expression() : null;
        tokens.ExpectWord("END");
        parts.AddRange(otherwise is null ? [] : [otherwise]);
        return Sized(new CaseSyntax(at, operand, arms, otherwise), 1, [.. parts]);
    }

    private CallSyntax Call()
    {
        var name = tokens.Take();
        tokens.ExpectSign("(");
        var isDistinct = name.Text.Equals("COUNT", StringComparison.OrdinalIgnoreCase) && tokens.TakeWord("DISTINCT");
        tokens.Refuse("DISTINCT");
        if (name.Text.Equals("CAST", StringComparison.OrdinalIgnoreCase) || name.Text.Equals("TRY_CAST", StringComparison.OrdinalIgnoreCase))
        {
            return Cast(name.At);
        }

        if (FunctionOfWords(name) is { } words)
        {
            return words;
        }

        var star = tokens.TakeSign("*");
        List<ExpressionSyntax> arguments = star || tokens.IsSign(")") ? [] : List(Expression);
        if (arguments.Count == 1 && tokens.IsWord("TO") && TimeStep(name, arguments[0]) is { } step)
        {
            return step;
        }

        tokens.ExpectSign(")");
        OverSyntax? over = null;
        if (tokens.IsWord("OVER"))
        {
            var at = tokens.Take().At;
            over = tokens.IsSign("(") ? new(at, null, Window()) : new(at, tokens.ExpectName("a window's name or (").Text, null);
        }

        var uses = name.Text.Equals("NULLIF", StringComparison.OrdinalIgnoreCase) ? 2 : 1;
        return Sized(new CallSyntax(name.At, isDistinct ? CallSyntax.CountDistinct : name.Text, arguments, star, over), uses, [.. arguments]);
    }

    private CallSyntax Cast(SourcePosition at)
    {
        var operand = Expression();
        tokens.ExpectWord("AS");
        var type = tokens.ExpectName("DOUBLE, INT, BIGINT, STRING, BOOLEAN, TIMESTAMP");
        if (tokens.TakeSign("("))
        {
            // A length or a precision: a text is as long as it is, and a time has nanoseconds.
            Constant("a number");
            tokens.ExpectSign(")");
        }

        tokens.ExpectSign(")");
        return Sized(new CallSyntax(at, "CAST", [operand, new TextSyntax(type.At, type.Text)], IsStar: false, Over: null), 1, operand);
    }

    /// <summary>Functions that have words between their operands: SUBSTRING(a FROM 2 FOR 3), POSITION('x' IN a), TRIM(BOTH ' ' FROM a).</summary>
    private CallSyntax? FunctionOfWords(Token name)
    {
        List<ExpressionSyntax> arguments;
        var function = name.Text.ToUpperInvariant();
        switch (function)
        {
            case "POSITION":
                arguments = [Sum()];
                tokens.ExpectWord("IN");
                arguments.Add(Expression());
                break;
            case "TRIM" when tokens.IsWord("BOTH") || tokens.IsWord("LEADING") || tokens.IsWord("TRAILING"):
                function = tokens.Take().Text.ToUpperInvariant() switch { "LEADING" => "LTRIM", "TRAILING" => "RTRIM", _ => "BTRIM" };
                arguments = tokens.IsWord("FROM") ? [] : [Expression()];
                tokens.ExpectWord("FROM");
                arguments.Insert(0, Expression());
                break;
            case "EXTRACT":
                var unit = tokens.ExpectName("a unit of time such as HOUR");
                tokens.ExpectWord("FROM");
                arguments = [new TextSyntax(unit.At, unit.Text.ToUpperInvariant()), Expression()];
                break;
            case "SUBSTRING":
                arguments = [Expression()];
                while (tokens.TakeSign(",") || tokens.TakeWord("FROM") || tokens.TakeWord("FOR"))
                {
                    arguments.Add(Expression());
                }

                break;
            default:
                return null;
        }

        tokens.ExpectSign(")");
        return Sized(new CallSyntax(name.At, function, arguments, IsStar: false, Over: null), 1, [.. arguments]);
    }

    private WindowSyntax Window()
    {
        var at = tokens.ExpectSign("(");
        List<ColumnSyntax> partition = [];
        if (tokens.TakeWord("PARTITION"))
        {
            tokens.ExpectWord("BY");
            partition = List(Column);
        }

        ColumnSyntax? order = null;
        if (tokens.TakeWord("ORDER"))
        {
            tokens.ExpectWord("BY");
            order = Column();
            tokens.TakeWord("ASC");
            tokens.Refuse("DESC");
        }

        var frame = tokens.IsWord("ROWS") || tokens.IsWord("RANGE") ? Frame() : null;
        tokens.ExpectSign(")");
        return new(at, partition, order, frame);
    }

    private FrameSyntax Frame()
    {
        var kind = tokens.Take();
        var isRange = kind.Text.Equals("RANGE", StringComparison.OrdinalIgnoreCase);
        tokens.ExpectWord("BETWEEN");
        AmountSyntax? preceding = null;
        if (!tokens.TakeWord("UNBOUNDED"))
        {
            preceding = isRange ? Interval() : new(tokens.Current.At, Constant("a number of rows"), null);
        }

        tokens.ExpectWord("PRECEDING");
        tokens.ExpectWord("AND");
        tokens.ExpectWord("CURRENT");
        tokens.ExpectWord("ROW");
        return new(kind.At, isRange, preceding);
    }

    private AmountSyntax Interval()
    {
        var at = tokens.ExpectWord("INTERVAL");
        var value = Constant("a quoted number such as '10'");
        return new(at, value, tokens.ExpectName("SECOND, MINUTE, HOUR, DAY").Text);
    }

    // Flink wants the number of an interval in quotes; a bare number and a parameter are taken as well.
    private ExpressionSyntax Constant(string what)
    {
        var token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Number:
                return new NumberSyntax(tokens.Take().At, token.Number);
            case TokenKind.Parameter:
                return new ParameterSyntax(tokens.Take().At, token.Text);
            case TokenKind.Text when double.TryParse(token.Text, out var number) && double.IsFinite(number):
                return new NumberSyntax(tokens.Take().At, number);
            default:
                throw tokens.Expected(what);
        }
    }

    private BinarySyntax Binary(SourcePosition at, string sign, ExpressionSyntax left, ExpressionSyntax right) =>
        Sized(new BinarySyntax(at, sign, left, right), 1, left, right);

    private T Sized<T>(T node, int uses, params ReadOnlySpan<ExpressionSyntax> parts)
        where T : ExpressionSyntax
    {
        var size = 1L;
        var below = 0;
        foreach (var part in parts)
        {
            size += (long)uses * part.Size;
            below = Math.Max(below, part.Height);
        }

        if (below >= limits.ExpressionDepthMax)
        {
            throw TooDeep(node.At);
        }

        if (size > limits.ExpressionSizeMax)
        {
            throw CompileFault.Limit(
                node.At, $"An expression of more than {limits.ExpressionSizeMax} parts; move some into a view.");
        }

        node.Height = below + 1;
        node.Size = (int)size;
        return node;
    }
}
