namespace Pilotage.Streams.Syntax;

/// <summary>Reads statements and queries by recursive descent; expressions stand in the other half.</summary>
internal sealed partial class Parser(TokenReader tokens, PipelineLimits limits, bool isQuery = false)
{
    private int _depth;

    /// <summary>All statements of a text.</summary>
    public static IReadOnlyList<StatementSyntax> Parse(string sql, PipelineLimits limits) =>
        new Parser(new(Lexer.Read(sql)), limits).Statements();

    private List<StatementSyntax> Statements()
    {
        var statements = new List<StatementSyntax>();
        while (true)
        {
            while (tokens.TakeSign(";"))
            {
            }

            if (tokens.AtEnd)
            {
                return statements;
            }

            if (statements.Count == limits.StatementsMax)
            {
                throw CompileFault.Limit(tokens.Current.At, $"More than {limits.StatementsMax} statements.");
            }

            statements.Add(Statement());
            if (!tokens.AtEnd)
            {
                tokens.Refuse("UNION", "JOIN", "ORDER", "LIMIT", "EXCEPT", "INTERSECT", "LEFT", "RIGHT", "INNER", "FULL", "CROSS");
                tokens.ExpectSign(";");
            }
        }
    }

    private StatementSyntax Statement()
    {
        var at = tokens.Current.At;
        if (tokens.TakeWord("CREATE"))
        {
            tokens.TakeWord("TEMPORARY");
            tokens.ExpectWord("VIEW");
            var name = tokens.ExpectName("the name of the view");
            tokens.ExpectWord("AS");
            return new CreateViewSyntax(at, name, Queries());
        }

        if (tokens.TakeWord("INSERT"))
        {
            tokens.ExpectWord("INTO");
            return new InsertSyntax(at, tokens.ExpectName("alerts or the name of a series target"), Queries());
        }

        return tokens.TakeWord("SET") ? Setting(at) : throw tokens.Expected("CREATE, INSERT, SET");
    }

    private SetSyntax Setting(SourcePosition at)
    {
        var key = tokens.ExpectText("a quoted key such as 'pilotage.lateness'");
        tokens.ExpectSign("=");
        var value = tokens.ExpectText("a quoted value");
        return new(at, key.Text, value.At, value.Text);
    }

    private SelectSyntax Select()
    {
        Enter(tokens.Current.At);
        var at = tokens.ExpectWord("SELECT");
        tokens.Refuse("DISTINCT");
        var items = List(SelectItem);
        tokens.ExpectWord("FROM");
        var from = Joined(Relation());
        var where = tokens.TakeWord("WHERE") ? Expression() : null;
        var groupBy = GroupBy();
        var having = tokens.TakeWord("HAVING") ? Expression() : null;
        var windows = tokens.TakeWord("WINDOW") ? List(NamedWindow) : [];
        _depth--;
        return new(at, items, from, where, groupBy, having, windows);
    }

    private SelectItemSyntax SelectItem()
    {
        var at = tokens.Current.At;
        if (tokens.TakeSign("*"))
        {
            return new(at, null, null);
        }

        var expression = Expression();
        var named = tokens.TakeWord("AS");
        NameSyntax? alias = named || tokens.IsName ? tokens.ExpectName("a column name after AS") : null;
        return new(at, expression, alias);
    }

    private List<ColumnSyntax>? GroupBy()
    {
        if (!tokens.TakeWord("GROUP"))
        {
            return null;
        }

        tokens.ExpectWord("BY");
        return List(Column);
    }

    private (NameSyntax Name, WindowSyntax Window) NamedWindow()
    {
        var name = tokens.ExpectName("the name of a window");
        tokens.ExpectWord("AS");
        return (name, Window());
    }

    private RelationSyntax Relation()
    {
        var relation = BareRelation();
        if (tokens.TakeWord("AS") || (tokens.IsName && !tokens.IsWord("SET")))
        {
            relation.Alias = tokens.ExpectName("a name after AS").Text;
        }

        return relation;
    }

    private RelationSyntax BareRelation()
    {
        var at = tokens.Current.At;
        if (tokens.TakeSign("("))
        {
            var query = Queries();
            tokens.ExpectSign(")");
            return new SubqueryRelationSyntax(at, query);
        }

        // Flink's older spelling wraps a table function: FROM TABLE(TUMBLE(…)).
        if (tokens.IsWord("TABLE") && tokens.IsSign("(", 1))
        {
            tokens.Take();
            tokens.Take();
            Enter(at);
            var inner = BareRelation();
            _depth--;
            tokens.ExpectSign(")");
            return inner;
        }

        return tokens.IsSign("(", 1) ? TableFunction(at) : new NamedRelationSyntax(at, tokens.ExpectName("a table or view").Text);
    }

    private RelationSyntax TableFunction(SourcePosition at)
    {
        var name = tokens.ExpectName("TUMBLE, HOP, CUMULATE, SESSION, ML_PREDICT").Text.ToUpperInvariant();
        if (name is not ("TUMBLE" or "HOP" or "CUMULATE" or "SESSION" or "ML_PREDICT"))
        {
            throw CompileFault.Unknown(at, "function", name, ["TUMBLE", "HOP", "CUMULATE", "SESSION", "ML_PREDICT"], " after FROM");
        }

        tokens.ExpectSign("(");
        var input = TableArgument();
        List<ColumnSyntax> partition = name == "SESSION" ? SessionKeys() : [];
        tokens.ExpectSign(",");
        RelationSyntax function = name == "ML_PREDICT" ? Predict(at, input) : WindowFunction(new(at, name), input, partition);
        tokens.ExpectSign(")");
        return function;
    }

    private RelationSyntax TableArgument()
    {
        if (!tokens.IsSign("("))
        {
            tokens.ExpectWord("TABLE");
            var name = tokens.ExpectName("a table or view");
            return new NamedRelationSyntax(name.At, name.Text);
        }

        return BareRelation();
    }

    private PredictRelationSyntax Predict(SourcePosition at, RelationSyntax input)
    {
        tokens.ExpectWord("MODEL");
        var model = tokens.ExpectName("the name of a model");
        tokens.ExpectSign(",");
        return new(at, input, model, Descriptor());
    }

    private List<ColumnSyntax> SessionKeys()
    {
        if (!tokens.TakeWord("PARTITION"))
        {
            return [];
        }

        tokens.ExpectWord("BY");
        if (!tokens.TakeSign("("))
        {
            return [Column()];
        }

        var keys = List(Column);
        tokens.ExpectSign(")");
        return keys;
    }

    private WindowRelationSyntax WindowFunction(NameSyntax function, RelationSyntax input, List<ColumnSyntax> partition)
    {
        var descriptor = Descriptor();
        if (descriptor.Count != 1)
        {
            throw CompileFault.Syntax(descriptor[1].At, "A window has one time column: DESCRIPTOR(ts).");
        }

        tokens.ExpectSign(",");
        var first = Interval();
        AmountSyntax? second = null;
        if (function.Text is "HOP" or "CUMULATE")
        {
            tokens.ExpectSign(",");
            second = Interval();
        }

        return new(function.At, function, input, partition, descriptor[0], second is null ? null : first, second ?? first);
    }

    private List<ColumnSyntax> Descriptor()
    {
        tokens.ExpectWord("DESCRIPTOR");
        tokens.ExpectSign("(");
        var columns = List(Column);
        tokens.ExpectSign(")");
        return columns;
    }

    private ColumnSyntax Column()
    {
        var name = tokens.ExpectName("a column");
        return tokens.TakeSign(".")
            ? new(name.At, name.Text, tokens.ExpectName("a column").Text)
            : new(name.At, null, name.Text);
    }

    private List<T> List<T>(Func<T> one)
    {
        var list = new List<T>();
        do
        {
            list.Add(one());
        }
        while (tokens.TakeSign(","));
        return list;
    }

    private void Enter(SourcePosition at)
    {
        if (++_depth > limits.ExpressionDepthMax)
        {
            throw TooDeep(at);
        }
    }

    private CompileFault TooDeep(SourcePosition at) =>
        CompileFault.Limit(at, $"Nested deeper than {limits.ExpressionDepthMax} levels; move a part into a view.");
}
