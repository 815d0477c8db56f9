using Pilotage.Streams.Syntax;

namespace Pilotage.Streams;

/// <summary>Where one input of a model comes from.</summary>
/// <param name="Model">The model that is asked with it.</param>
/// <param name="Name">As the pipeline calls it.</param>
/// <param name="Expression">What it is made by; null for a property that is handed on as it is.</param>
/// <param name="Steps">What the columns in it are made by, as <c>heat = bearing_temp - ambient</c>, down to properties.</param>
/// <param name="Through">Views and models that it came through, the last one first.</param>
/// <param name="Properties">The properties of things that it is made of, as <c>pump.vibration</c>.</param>
public sealed record FeatureOrigin(string Model, string Name, string? Expression, IReadOnlyList<string> Steps, IReadOnlyList<string> Through, IReadOnlyList<string> Properties);

/// <summary>Follows the inputs of models through the text of a pipeline back to the properties of things.</summary>
/// <remarks>By names alone, so it says what was written; whether that makes sense is for <see cref="PipelineCompiler"/>.</remarks>
public sealed class FeatureOrigins
{
    private readonly Dictionary<string, SelectSyntax> _views = new(StringComparer.Ordinal);
    private readonly Dictionary<SelectSyntax, ExpressionText> _texts = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<RelationSyntax, Dictionary<string, Found?>> _known = new(ReferenceEqualityComparer.Instance);
    private readonly IReadOnlyDictionary<string, ModelSchema> _models;

    private FeatureOrigins(IReadOnlyList<ModelSchema> models) => _models = models.ToDictionary(model => model.Name, StringComparer.Ordinal);

    /// <summary>The inputs of every model that a pipeline asks, each model once; nothing of a text that cannot be read.</summary>
    public static IReadOnlyList<FeatureOrigin> Of(string sql, IReadOnlyList<ModelSchema> models)
    {
        try
        {
            return new FeatureOrigins(models).Read(Parser.Parse(sql, new PipelineLimits()));
        }
        catch (CompileFault)
        {
            return [];
        }
    }

    private List<FeatureOrigin> Read(IReadOnlyList<StatementSyntax> statements)
    {
        foreach (var view in statements.OfType<CreateViewSyntax>())
        {
            _views.TryAdd(view.Name.Text, view.Query);
        }

        var queries = statements.Select(statement => statement switch
        {
            CreateViewSyntax view => view.Query,
            InsertSyntax insert => insert.Query,
            _ => null,
        }).OfType<SelectSyntax>();
        return [.. queries.SelectMany(query => Asked(query.From)).DistinctBy(asked => asked.Model.Text, StringComparer.Ordinal).SelectMany(Inputs)];
    }

    private static IEnumerable<PredictRelationSyntax> Asked(RelationSyntax relation) => relation switch
    {
        PredictRelationSyntax predict => Asked(predict.Input).Append(predict),
        SubqueryRelationSyntax subquery => Asked(subquery.Query.From),
        JoinRelationSyntax join => Asked(join.Left),
        UnionRelationSyntax union => union.Queries.SelectMany(query => Asked(query.From)),
        WindowRelationSyntax window => Asked(window.Input),
        _ => [],
    };

    private IEnumerable<FeatureOrigin> Inputs(PredictRelationSyntax asked)
    {
        // A model's inputs are called as the model calls them; the pipeline hands them over by place.
        var names = _models.GetValueOrDefault(asked.Model.Text)?.Inputs;
        for (var i = 0; i < asked.Columns.Count; i++)
        {
            var column = asked.Columns[i];
            var found = Find(asked.Input, column.Name);
            yield return new FeatureOrigin(
                asked.Model.Text, names is not null && i < names.Count ? names[i] : column.Name, found?.Expression, found?.Steps ?? [], found?.Through ?? [], [.. (found?.Properties ?? []).Order(StringComparer.Ordinal)]);
        }
    }

    /// <summary>What a column of a relation is made of; null where its name leads nowhere.</summary>
    private Found? Find(RelationSyntax relation, string column)
    {
        if (!_known.TryGetValue(relation, out var columns))
        {
            _known[relation] = columns = new(StringComparer.Ordinal);
        }

        if (!columns.TryGetValue(column, out var found))
        {
            // A view that reads itself does not compile, and must not lead us round.
            columns[column] = null;
            columns[column] = found = FindAnew(relation, column);
        }

        return found;
    }

    private Found? FindAnew(RelationSyntax relation, string column)
    {
        switch (relation)
        {
            case NamedRelationSyntax named when _views.TryGetValue(named.Name, out var view):
                return Find(view, column) is { } inView ? inView with { Through = [named.Name, .. inView.Through] } : null;
            case NamedRelationSyntax named:
                return new Found(null, [], [], column is "device" or "ts" ? [] : [$"{named.Name}.{column}"]);
            case SubqueryRelationSyntax subquery:
                return Find(subquery.Query, column);
            case JoinRelationSyntax join:
                return FindJoined(join, column);
            case UnionRelationSyntax union:
                return FindInAll(union, column);
            case WindowRelationSyntax window:
                return Find(window.Input, column);
            case PredictRelationSyntax predict when _models.GetValueOrDefault(predict.Model.Text)?.Outputs.Contains(column) == true:
                var inputs = predict.Columns.Select(one => Find(predict.Input, one.Name)).OfType<Found>().ToList();
                return new Found($"ML_PREDICT({predict.Model.Text}).{column}", [], [predict.Model.Text], [.. inputs.SelectMany(one => one.Properties).Distinct(StringComparer.Ordinal)]);
            case PredictRelationSyntax predict:
                return Find(predict.Input, column);
            default:
                return null;
        }
    }

    /// <summary>A column of UNION ALL bears the name of the first query and is what each has in its place.</summary>
    private Found? FindInAll(UnionRelationSyntax union, string column)
    {
        var place = union.Queries[0].Items.ToList().FindIndex(item => NameOf(item) == column);
        var found = union.Queries.Select(query => Find(query, PlacedName(query, place) ?? column)).OfType<Found>().ToList();
        var ways = found.Select(one => one.Expression ?? string.Join(", ", one.Properties)).Distinct(StringComparer.Ordinal).ToList();
        return found switch
        {
            [] => null,
            [var only] => only,
            [var first, ..] when ways.Count == 1 => first,
            _ => new Found(
                string.Join(" UNION ALL ", ways),
                [.. found.SelectMany(one => one.Steps).Distinct(StringComparer.Ordinal)],
                [.. found.SelectMany(one => one.Through).Distinct(StringComparer.Ordinal)],
                [.. found.SelectMany(one => one.Properties).Distinct(StringComparer.Ordinal)]),
        };
    }

    /// <summary>A column of a query's FROM, of which there are several tables only where they are joined.</summary>
    private Found? Find(RelationSyntax from, ColumnSyntax column) =>
        Find(from, from is JoinRelationSyntax && column.Qualifier is { } table ? $"{table}.{column.Name}" : column.Name);

    /// <summary>Of joined tables a column may bear the name of its own before it.</summary>
    private Found? FindJoined(JoinRelationSyntax join, string column)
    {
        var right = (join.Right.Alias ?? join.Right.Name) + ".";
        if (column.StartsWith(right, StringComparison.Ordinal))
        {
            return Find(join.Right, column[right.Length..]);
        }

        var left = join.Left is JoinRelationSyntax ? "" : (join.Left.Alias ?? (join.Left as NamedRelationSyntax)?.Name) + ".";
        return Find(join.Left, left.Length > 0 && column.StartsWith(left, StringComparison.Ordinal) ? column[left.Length..] : column) ?? Find(join.Right, column);
    }

    // After a star places are not known by the text alone.
    private static string? PlacedName(SelectSyntax query, int place) =>
        place >= 0 && place < query.Items.Count && query.Items.Take(place + 1).All(item => item.Expression is not null) ? NameOf(query.Items[place]) : null;

    private static string? NameOf(SelectItemSyntax item) => item.Alias?.Text ?? (item.Expression as ColumnSyntax)?.Name;

    private Found? Find(SelectSyntax query, string column)
    {
        if (query.From is UnionRelationSyntax union)
        {
            return Find(union, column);
        }

        foreach (var item in query.Items)
        {
            if (item.Expression is null && Find(query.From, column) is { } passed)
            {
                return passed;
            }

            if (item.Expression is { } expression && NameOf(item) == column)
            {
                var read = ExpressionText.ColumnsOf(expression).DistinctBy(one => (one.Qualifier, one.Name)).Select(one => (one.Name, Found: Find(query.From, one))).Where(one => one.Found is not null).ToList();
                return expression is ColumnSyntax && read is [var same] ? same.Found : Made(TextOf(query).Of(expression), read!);
            }
        }

        return null;
    }

    /// <summary>A column that is made of others; those that are made themselves are its steps.</summary>
    private static Found Made(string expression, List<(string Name, Found Found)> read) => new(
        expression,
        [.. read.Where(one => one.Found.Expression is not null).SelectMany(one => one.Found.Steps.Prepend($"{one.Name} = {one.Found.Expression}")).Distinct(StringComparer.Ordinal)],
        [.. read.SelectMany(one => one.Found.Through).Distinct(StringComparer.Ordinal)],
        [.. read.SelectMany(one => one.Found.Properties).Distinct(StringComparer.Ordinal)]);

    private ExpressionText TextOf(SelectSyntax query)
    {
        if (!_texts.TryGetValue(query, out var text))
        {
            var windows = query.Windows.DistinctBy(one => one.Name.Text, StringComparer.Ordinal).ToDictionary(one => one.Name.Text, one => one.Window, StringComparer.Ordinal);
            _texts[query] = text = new ExpressionText(windows);
        }

        return text;
    }

    private sealed record Found(string? Expression, IReadOnlyList<string> Steps, IReadOnlyList<string> Through, IReadOnlyList<string> Properties);
}
