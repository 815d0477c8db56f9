using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.Syntax;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Binding;

/// <summary>Binds what stands after FROM: tables, views, subqueries, windows and models. One table, one view, one
/// question to a model becomes one step, however often it is named, so it runs once a row.</summary>
internal sealed class RelationBinder(
    BindingContext context, IReadOnlyList<ThingSchema> things, IReadOnlyList<ModelSchema> models)
{
    private readonly Dictionary<string, PlanNode> _views = new(StringComparer.Ordinal);
    private readonly List<ScanNode> _scans = [];
    private readonly List<PredictNode> _predictions = [];

    /// <summary>The tables read so far, in order.</summary>
    public IReadOnlyList<ThingSchema> Sources => [.. _scans.Select(scan => scan.Thing)];

    /// <summary>Binds something that nothing reads, for its faults alone: what it reads of tables does not count.</summary>
    public void Unread(Action bind)
    {
        var before = _scans.ToDictionary(scan => scan, scan => scan.Schema.Read!.ToArray());
        bind();
        foreach (var scan in _scans)
        {
            scan.Schema.Read!.Clear();
            scan.Schema.Read.UnionWith(before.GetValueOrDefault(scan) ?? []);
        }
    }

    public void AddView(NameSyntax name, PlanNode node)
    {
        if (_views.ContainsKey(name.Text) || things.Any(thing => thing.Name == name.Text))
        {
            throw CompileFault.Ambiguous(name.At, $"There is a table or view {name.Text} already.");
        }

        _views.Add(name.Text, node);
    }

    public BoundRelation Bind(RelationSyntax syntax, SelectBinder selects)
    {
        var bound = BindAny(syntax, selects);
        return bound.Node.Depth <= context.Limits.StepsMax
            ? bound
            : throw CompileFault.Limit(syntax.At, $"More than {context.Limits.StepsMax} steps from the table to here.");
    }

    private BoundRelation BindAny(RelationSyntax syntax, SelectBinder selects) => syntax switch
    {
        NamedRelationSyntax named => new(Named(named), named.Alias ?? named.Name, null),
        SubqueryRelationSyntax subquery => new(selects.Bind(subquery.Query), subquery.Alias, null),
        WindowRelationSyntax window => Window(window, selects),
        JoinRelationSyntax join => new(Join(join, selects), null, null),
        PredictRelationSyntax predict => new(Predict(predict, selects), predict.Alias, null),
        _ => throw CompileFault.Unsupported(syntax.At, "This cannot stand after FROM."),
    };

    private PlanNode Named(NamedRelationSyntax named)
    {
        if (_views.TryGetValue(named.Name, out var view))
        {
            return view;
        }

        if (_scans.Find(scan => scan.Thing.Name == named.Name) is { } known)
        {
            return known;
        }

        var thing = things.FirstOrDefault(thing => thing.Name == named.Name)
            ?? throw CompileFault.Unknown(
                named.At, "table", named.Name, things.Select(t => t.Name).Concat(_views.Keys), "");
        var scan = new ScanNode(_scans.Count, thing, SchemaOf(thing, named.At));
        _scans.Add(scan);
        return scan;
    }

    private RowSchema SchemaOf(ThingSchema thing, SourcePosition at)
    {
        List<Column> columns = [new("device", ColumnType.Device, null, -1), new("ts", ColumnType.Rowtime, null, -1)];
        for (var slot = 0; slot < thing.Properties.Count; slot++)
        {
            var property = thing.Properties[slot];
            if (columns.Exists(column => column.Name == property.Name))
            {
                throw CompileFault.Ambiguous(at, $"The thing {thing.Name} has two columns called {property.Name}.");
            }

            var type = property.Type switch { ThingPropertyType.Boolean => ColumnType.Boolean, ThingPropertyType.Text => ColumnType.Text, _ => ColumnType.Number };
            columns.Add(new(property.Name, type, type == ColumnType.Text ? null : property.Unit, slot));
        }

        return thing.Properties.Count <= context.Limits.ColumnsMax
            ? new(columns, thing.Properties.Count) { Read = new(StringComparer.Ordinal) }
            : throw CompileFault.Limit(
                at, $"The thing {thing.Name} has more than {context.Limits.ColumnsMax} properties.");
    }

    private BoundRelation Window(WindowRelationSyntax window, SelectBinder selects)
    {
        var input = Bind(window.Input, selects);
        if (input.Window is not null)
        {
            throw CompileFault.Unsupported(
                window.Input.At, "A window over a window needs a view with GROUP BY between them.");
        }

        var time = new ExpressionBinder(context, input.Node.Schema, input.Alias, "").Find(window.TimeColumn);
        if (time.Type != ColumnType.Rowtime)
        {
            throw CompileFault.Type(window.TimeColumn.At, $"Windows are cut by event time; {time.Name} is not it.");
        }

        foreach (var key in window.PartitionBy)
        {
            if (new ExpressionBinder(context, input.Node.Schema, input.Alias, "").Find(key).Type != ColumnType.Device)
            {
                throw CompileFault.Unsupported(key.At, $"Sessions are PARTITION BY device; found {key.Name}.");
            }
        }

        var function = window.Function.Text;
        var kind = function switch { "CUMULATE" => TimeWindowKind.Cumulate, "SESSION" => TimeWindowKind.Session, _ => TimeWindowKind.Hop };
        var size = context.DurationNs(window.Size);
        var step = window.Slide is null ? size : context.DurationNs(window.Slide);
        if (size % step != 0)
        {
            throw CompileFault.Type(window.Size.At, $"The size of {function} must be a whole multiple of its {(kind == TimeWindowKind.Hop ? "slide" : "step")}.");
        }

        return size / step <= context.Limits.OverlapMax
            ? new(input.Node, window.Alias ?? input.Alias, new TimeWindow(kind, size, step)) { WindowFunction = window.Function }
            : throw CompileFault.Limit(
                window.Size.At, $"{function} puts a row into {size / step} windows; at most {context.Limits.OverlapMax}.");
    }

    private AsOfNode Join(JoinRelationSyntax join, SelectBinder selects)
    {
        var left = Bind(join.Left, selects);
        return left.Window is null
            ? new JoinBinder(context, join, left, Named(join.Right)).Bind()
            : throw CompileFault.Unsupported(join.Left.At, "A join of a window needs a view with GROUP BY between them.");
    }

    private PredictNode Predict(PredictRelationSyntax predict, SelectBinder selects)
    {
        var input = Bind(predict.Input, selects);
        if (input.Window is not null)
        {
            throw CompileFault.Unsupported(
                predict.Input.At, "ML_PREDICT over a window needs a view with GROUP BY between them.");
        }

        var model = models.FirstOrDefault(model => model.Name == predict.Model.Text)
            ?? throw CompileFault.Unknown(
                predict.Model.At, "model", predict.Model.Text, models.Select(m => m.Name), "");
        var features = Features(predict, model, new(context, input.Node.Schema, input.Alias, ""));
        var node = new PredictNode(input.Node, model, features, Extended(predict.Model.At, input.Node.Schema, model));
        var same = _predictions.Find(other => other.Input == node.Input && other.Describe() == node.Describe());
        if (same is null)
        {
            _predictions.Add(node);
        }

        return same ?? node;
    }

    private static List<Scalar> Features(PredictRelationSyntax predict, ModelSchema model, ExpressionBinder binder)
    {
        if (predict.Columns.Count != model.Inputs.Count)
        {
            throw CompileFault.Type(
                predict.Columns[0].At,
                $"The model {model.Name} takes {model.Inputs.Count} inputs ({string.Join(", ", model.Inputs)}), found {predict.Columns.Count}.");
        }

        var features = new List<Scalar>();
        for (var i = 0; i < model.Inputs.Count; i++)
        {
            var syntax = predict.Columns[i];
            var column = binder.Find(syntax);
            if (column.Type is not (ColumnType.Number or ColumnType.Boolean))
            {
                throw CompileFault.Type(
                    syntax.At, $"A model takes numbers; {column.Name} is {Typed.Shown(column.Type)}.");
            }

            // Columns go to inputs by position. One that bears the name of another input is almost surely out of order.
            if (column.Name != model.Inputs[i] && model.Inputs.Contains(column.Name))
            {
                throw CompileFault.Type(
                    syntax.At, $"Input {i + 1} of {model.Name} is {model.Inputs[i]}, found {column.Name}: the columns are out of order.");
            }

            var unit = model.InputUnits.Count > i ? model.InputUnits[i] : null;
            if (unit is not null && column.Unit is not null && !Units.AreOne(unit, column.Unit))
            {
                throw CompileFault.Unit(
                    syntax.At, $"Input {model.Inputs[i]} of {model.Name} is in {unit}, the column {column.Name} in {column.Unit}.");
            }

            features.Add(column.Read());
        }

        return features;
    }

    private RowSchema Extended(SourcePosition at, RowSchema input, ModelSchema model)
    {
        var columns = input.Columns.ToList();
        for (var i = 0; i < model.Outputs.Count; i++)
        {
            if (input.Find(model.Outputs[i]) is not null)
            {
                throw CompileFault.Ambiguous(
                    at, $"The model's output {model.Outputs[i]} and a column of its input have one name; rename the column with AS.");
            }

            var unit = model.OutputUnits.Count > i ? model.OutputUnits[i] : null;
            columns.Add(new(model.Outputs[i], ColumnType.Number, unit, input.Slots + i));
        }

        var slots = input.Slots + model.Outputs.Count;
        return slots <= context.Limits.ColumnsMax
            ? new(columns, slots)
            : throw CompileFault.Limit(
                at, $"More than {context.Limits.ColumnsMax} columns, the model's outputs included.");
    }
}

/// <summary>What stands after FROM, bound; the window is there for TUMBLE, HOP, CUMULATE and SESSION.</summary>
internal readonly record struct BoundRelation(PlanNode Node, string? Alias, TimeWindow? Window)
{
    /// <summary>Which function cuts the window, and where it stands.</summary>
    public NameSyntax WindowFunction { get; init; }
}
