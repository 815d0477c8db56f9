namespace Pilotage.Streams.Syntax;

/// <summary>What only a question to stored rows may say: WITH, ORDER BY, LIMIT.</summary>
internal sealed partial class Parser
{
    /// <summary>A question: views and one SELECT.</summary>
    public static QuerySyntax ParseQuery(string sql, PipelineLimits limits) =>
        new Parser(new(Lexer.Read(sql)), limits, isQuery: true).Query();

    private QuerySyntax Query()
    {
        var views = new List<CreateViewSyntax>();
        while (tokens.IsWord("CREATE") || tokens.IsWord("WITH"))
        {
            if (views.Count >= limits.StatementsMax)
            {
                throw CompileFault.Limit(tokens.Current.At, $"More than {limits.StatementsMax} views.");
            }

            if (tokens.IsWord("WITH"))
            {
                tokens.Take();
                views.AddRange(List(CommonTable));
            }
            else
            {
                views.Add((CreateViewSyntax)Statement());
                tokens.ExpectSign(";");
            }
        }

        RefuseStatements();
        var select = Queries();
        var order = OrderBy();
        var limit = Limit();
        while (tokens.TakeSign(";"))
        {
        }

        tokens.Refuse("UNION", "JOIN", "EXCEPT", "INTERSECT", "OFFSET", "FETCH");
        RefuseStatements();
        return tokens.AtEnd ? new(views, select, order, limit) : throw tokens.Expected("WHERE, GROUP BY, ORDER BY, LIMIT, the end");
    }

    private CreateViewSyntax CommonTable()
    {
        var name = tokens.ExpectName("a name after WITH");
        tokens.ExpectWord("AS");
        tokens.ExpectSign("(");
        var query = Queries();
        tokens.ExpectSign(")");
        return new(name.At, name, query);
    }

    private void RefuseStatements()
    {
        foreach (var word in (ReadOnlySpan<string>)["INSERT", "SET", "UPDATE", "DELETE", "DROP", "ALTER"])
        {
            if (tokens.IsWord(word))
            {
                throw CompileFault.Unsupported(tokens.Current.At, $"A question only reads: views and one SELECT; {word} is no part of it.");
            }
        }
    }

    private List<OrderSyntax> OrderBy()
    {
        if (!tokens.TakeWord("ORDER"))
        {
            return [];
        }

        tokens.ExpectWord("BY");
        return List(() =>
        {
            var column = Column();
            var descending = tokens.TakeWord("DESC");
            if (!descending)
            {
                tokens.TakeWord("ASC");
            }

            return new OrderSyntax(column, descending);
        });
    }

    private LimitSyntax? Limit()
    {
        var at = tokens.Current.At;
        if (!tokens.TakeWord("LIMIT"))
        {
            return null;
        }

        return tokens.Current.Kind == TokenKind.Number ? new(at, tokens.Take().Number) : throw tokens.Expected("a number of rows");
    }
}
