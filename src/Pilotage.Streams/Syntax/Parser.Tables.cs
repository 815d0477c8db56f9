namespace Pilotage.Streams.Syntax;

/// <summary>Several queries and tables in one: UNION ALL and joins.</summary>
internal sealed partial class Parser
{
    private const string JoinShape = "FROM a LEFT JOIN b FOR SYSTEM_TIME AS OF a.ts ON a.device = b.device";

    /// <summary>A query, or several that are put together.</summary>
    private SelectSyntax Queries()
    {
        var first = OneQuery();
        if (!tokens.IsWord("UNION"))
        {
            return first;
        }

        var at = tokens.Current.At;
        var queries = new List<SelectSyntax>(PartsOf(first));
        while (tokens.IsWord("UNION"))
        {
            var union = tokens.Take();
            if (isQuery)
            {
                throw CompileFault.Unsupported(union.At, "UNION is not part of a question, which reads one table; ask twice, or put the queries together in a pipeline.");
            }

            if (!tokens.TakeWord("ALL"))
            {
                throw CompileFault.Unsupported(
                    union.At, "UNION would have to remember all rows to leave out those that come again; write UNION ALL, and ROW_NUMBER() around it where what comes again is to go.");
            }

            queries.AddRange(PartsOf(OneQuery()));
        }

        return new(first.At, [new(first.At, null, null)], new UnionRelationSyntax(at, queries), null, null, null, []);
    }

    /// <summary>A table, and what is joined to it.</summary>
    private RelationSyntax Joined(RelationSyntax left)
    {
        var joins = 0;
        for (; IsJoin(); joins++)
        {
            Enter(tokens.Current.At);
            left = Join(left);
        }

        _depth -= joins;
        return left;
    }

    private bool IsJoin()
    {
        if (tokens.IsSign(","))
        {
            throw CompileFault.Unsupported(tokens.Current.At, $"Tables are not put beside one another by a comma; each row finds the newest one of its device by {JoinShape}.");
        }

        foreach (var word in (ReadOnlySpan<string>)["RIGHT", "FULL", "CROSS", "NATURAL"])
        {
            if (tokens.IsWord(word))
            {
                throw CompileFault.Unsupported(tokens.Current.At, $"{word} JOIN is not part of the dialect; there is {JoinShape}.");
            }
        }

        return tokens.IsWord("JOIN") || tokens.IsWord("LEFT") || tokens.IsWord("INNER");
    }

    private JoinRelationSyntax Join(RelationSyntax left)
    {
        var at = tokens.Current.At;
        if (isQuery)
        {
            throw CompileFault.Unsupported(at, "JOIN is not part of a question, which reads one table; series are joined by time by pilotage data join.");
        }

        var isLeft = tokens.TakeWord("LEFT");
        _ = isLeft ? tokens.TakeWord("OUTER") : tokens.TakeWord("INNER");
        tokens.ExpectWord("JOIN");
        if (tokens.IsSign("(") || tokens.IsSign("(", 1))
        {
            throw CompileFault.Unsupported(tokens.Current.At, "What is joined is a table or a view, by its name; put the query into a view.");
        }

        var name = tokens.ExpectName("a table or view");
        if (!tokens.IsWord("FOR"))
        {
            throw CompileFault.Unsupported(at, $"A JOIN is as of a time: {JoinShape}. Others would have to remember all rows of both sides.");
        }

        tokens.Take();
        tokens.ExpectWord("SYSTEM_TIME");
        tokens.ExpectWord("AS");
        tokens.ExpectWord("OF");
        var time = Column();
        var right = new NamedRelationSyntax(name.At, name.Text);
        if (tokens.TakeWord("AS") || tokens.IsName)
        {
            right.Alias = tokens.ExpectName("a name after AS").Text;
        }

        tokens.ExpectWord("ON");
        return new(at, left, right, isLeft, time, Expression());
    }

    private SelectSyntax OneQuery()
    {
        var at = tokens.Current.At;
        if (!tokens.TakeSign("("))
        {
            return Select();
        }

        Enter(at);
        var query = Queries();
        tokens.ExpectSign(")");
        _depth--;
        return query;
    }

    // Brackets change nothing of what is put together.
    private static IReadOnlyList<SelectSyntax> PartsOf(SelectSyntax query) => query.From is UnionRelationSyntax union ? union.Queries : [query];
}
