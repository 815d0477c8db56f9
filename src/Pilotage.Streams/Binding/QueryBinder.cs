using Pilotage.Streams.Planning;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams.Binding;

/// <summary>Binds a question: its views and its query as in a pipeline, then order and number of its rows.</summary>
internal sealed class QueryBinder(BindingContext context, QueryScope scope, IReadOnlyList<ThingSchema> things)
{
    public QueryPlan Bind(QuerySyntax query)
    {
        var relations = new RelationBinder(context, things, []);
        var selects = new SelectBinder(context, relations);
        var read = ReadOf(query);
        foreach (var view in query.Views)
        {
            void Bind() => relations.AddView(view.Name, selects.Bind(view.Query));
            if (read.Contains(view))
            {
                Bind();
            }
            else
            {
                relations.Unread(Bind);
            }
        }

        var selected = selects.Bind(query.Select);
        var rows = query.Limit is { } limit ? RowsOf(limit) : (int?)null;
        var root = Ordered(selected, query.OrderBy, rows);
        if (rows is { } most)
        {
            root = new LimitNode(root, most);
        }

        var scan = QueryReach.ScanOf(root);
        var plan = new PipelinePlan(relations.Sources, [root], context.Texts, latenessNs: 0, context.Limits);
        return new(plan, root, scan, QueryReach.Of(root), scope.Devices);
    }

    /// <summary>The views that the query reads, itself or through one another; each reads one table or view.</summary>
    private static HashSet<CreateViewSyntax> ReadOf(QuerySyntax query)
    {
        var read = new HashSet<CreateViewSyntax>(ReferenceEqualityComparer.Instance);
        for (var name = NameOf(query.Select.From); name is not null;)
        {
            var view = query.Views.FirstOrDefault(view => view.Name.Text == name);
            name = view is not null && read.Add(view) ? NameOf(view.Query.From) : null;
        }

        return read;
    }

    private static string? NameOf(RelationSyntax relation) => relation switch
    {
        NamedRelationSyntax named => named.Name,
        SubqueryRelationSyntax subquery => NameOf(subquery.Query.From),
        WindowRelationSyntax window => NameOf(window.Input),
        PredictRelationSyntax predict => NameOf(predict.Input),
        _ => null,
    };

    private PlanNode Ordered(PlanNode input, IReadOnlyList<OrderSyntax> orderBy, int? rows)
    {
        var keys = new List<OrderKey>();
        foreach (var (syntax, descending) in orderBy)
        {
            var column = syntax.Qualifier is null ? input.Schema.Find(syntax.Name) : null;
            keys.Add(new(
                column ?? throw CompileFault.Unknown(syntax.At, "column", syntax.Name, input.Schema.Names, " in what is selected, which is what ORDER BY orders by"),
                descending));
        }

        if (rows > context.Limits.SortedRowsMax && keys.Count > 0)
        {
            throw CompileFault.Limit(orderBy[0].Column.At, $"ORDER BY with a LIMIT of {rows}; at most {context.Limits.SortedRowsMax} rows are put in order.");
        }

        return keys.Count == 0 || IsThere(input, keys) ? input : new OrderNode(input, keys, rows);
    }

    /// <summary>Whether rows come in this order anyhow: device by device in order of their ids, of each in order of time.</summary>
    private static bool IsThere(PlanNode input, List<OrderKey> keys)
    {
        for (var node = input; node is not null; node = node.Input)
        {
            if (node is GatherNode)
            {
                return false;
            }
        }

        var isOfOne = QueryReach.Of(input).Devices is { Count: 1 };
        var types = keys.Where(key => !isOfOne || key.Column.Type != ColumnType.Device).Select(key => (key.Column.Type, key.Descending)).ToArray();
        return types is [] or [(ColumnType.Device, false)] or [(ColumnType.Device, false), (ColumnType.Rowtime, false)] || (isOfOne && types is [(ColumnType.Rowtime, false)]);
    }

    private static int RowsOf(LimitSyntax limit) => limit.Rows is >= 0 and <= int.MaxValue && limit.Rows == Math.Floor(limit.Rows)
        ? (int)limit.Rows
        : throw CompileFault.Limit(limit.At, $"LIMIT takes a whole number of rows from 0 to {int.MaxValue}.");
}
