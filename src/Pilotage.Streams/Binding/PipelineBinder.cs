using System.Globalization;
using Pilotage.Core;
using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams.Binding;

/// <summary>Binds the statements of a text, in order, into one plan.</summary>
internal sealed class PipelineBinder
{
    private const string Alerts = "alerts";
    private const string LatenessKey = "pilotage.lateness";
    private const string LateKey = "pilotage.late";
    private const string TtlKey = "table.exec.state.ttl";
    private const string LateBy = "late_by";
    private const string ClearRowsKey = "pilotage.alert.clear-rows";
    private const string ClearMarginKey = "pilotage.alert.clear-margin";
    private const int ClearRowsMax = 1_000_000;
    private readonly BindingContext _context;
    private readonly RelationBinder _relations;
    private readonly SelectBinder _selects;
    private readonly List<PlanNode> _roots = [];
    private readonly List<PipelineTarget> _targets = [];
    private readonly HashSet<string> _kinds = new(StringComparer.Ordinal);
    private long _latenessNs;
    private NameSyntax? _late;
    private int _clearRows = 3;
    private double _clearMargin = 0.1;
    private bool _started;

    public PipelineBinder(BindingContext context, IReadOnlyList<ThingSchema> things, IReadOnlyList<ModelSchema> models)
    {
        _context = context;
        _relations = new(context, things, models);
        _selects = new(context, _relations);
    }

    public PipelinePlan Bind(IReadOnlyList<StatementSyntax> statements, Digest digest)
    {
        foreach (var statement in statements)
        {
            switch (statement)
            {
                case SetSyntax setting:
                    Set(setting);
                    break;
                case CreateViewSyntax view:
                    _started = true;
                    _relations.AddView(view.Name, _selects.Bind(view.Query));
                    break;
                case InsertSyntax { Target.Text: Alerts } insert:
                    _started = true;
                    InsertAlert(insert);
                    break;
                case InsertSyntax insert:
                    _started = true;
                    InsertSeries(insert);
                    break;
            }
        }

        if (_roots.Count == 0)
        {
            throw CompileFault.Syntax(
                new(1, 1), "A pipeline needs at least one INSERT INTO; nothing would come out of it.");
        }

        AddLateTarget();
        return new(_relations.Sources, _roots, _context.Texts, _latenessNs, _context.Limits)
        {
            Models = Models(),
            Targets = _targets,
            AlertKinds = [.. _kinds],
            LateTarget = _late?.Text,
            Digest = digest,
        };
    }

    private void Set(SetSyntax setting)
    {
        switch (setting.Key)
        {
            case LatenessKey when _started:
                throw CompileFault.Unsupported(
                    setting.At, $"{LatenessKey} holds for the whole text, so it stands before all else.");
            case LatenessKey:
                if (!TimeUnits.TryReadDuration(setting.Value, out _latenessNs)
                    || _latenessNs > _context.Limits.LatenessMax.Ticks * TimeSpan.NanosecondsPerTick)
                {
                    throw CompileFault.Limit(
                        setting.ValueAt, $"Expected a duration such as '5 s', at most {_context.Limits.LatenessMax}.");
                }

                break;
            case TtlKey:
                _context.TtlNs = TimeUnits.TryReadDuration(setting.Value, out var ttlNs)
                    ? ttlNs
                    : throw CompileFault.Limit(setting.ValueAt, "Expected a duration such as '1 d', at most '3650 d'; '0 s' is for ever.");
                break;
            case LateKey:
                _late = setting.Value.Trim().Length > 0 && setting.Value != Alerts
                    ? new(setting.ValueAt, setting.Value)
                    : throw CompileFault.Type(setting.ValueAt, $"{LateKey} is the name of a series target for rows that come too late, found '{setting.Value}'.");
                break;
            case ClearRowsKey:
                if (!int.TryParse(setting.Value, NumberStyles.None, CultureInfo.InvariantCulture, out _clearRows)
                    || _clearRows is < 1 or > ClearRowsMax)
                {
                    throw CompileFault.Limit(setting.ValueAt, $"Expected a number of rows from 1 to {ClearRowsMax}.");
                }

                break;
            case ClearMarginKey:
                if (!double.TryParse(setting.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _clearMargin)
                    || _clearMargin > 1)
                {
                    throw CompileFault.Limit(
                        setting.ValueAt, "Expected a share from 0 to 1, such as '0.1' for ten per cent.");
                }

                break;
            default:
                throw CompileFault.Unknown(
                    setting.At, "setting", setting.Key, [LatenessKey, LateKey, ClearRowsKey, ClearMarginKey, TtlKey], "");
        }
    }

    /// <summary>Rows that come too late have the columns of the table that are numbers, and by how much they were late.</summary>
    private void AddLateTarget()
    {
        if (_late is not { } late)
        {
            return;
        }

        if (_relations.Sources is not [var thing])
        {
            throw CompileFault.Unsupported(late.At, $"The text reads {_relations.Sources.Count} tables, whose late rows have different columns; {LateKey} goes with a text that reads one.");
        }

        if (_targets.Exists(target => target.Name == late.Text))
        {
            throw CompileFault.Ambiguous(late.At, $"{late.Text} is inserted into by a statement; rows that come too late go to a target of their own.");
        }

        if (thing.Properties.Any(property => property.Name == LateBy))
        {
            throw CompileFault.Ambiguous(late.At, $"Late rows have a column {LateBy}, and so has {thing.Name}.");
        }

        var numbers = thing.Properties.Where(property => property.Type != ThingPropertyType.Text).Select(property => new PipelineColumn(property.Name, property.Unit));
        _targets.Add(new(late.Text, [.. numbers, new(LateBy, TimeUnits.Ucum(TimeUnits.SecondNs))]));
    }

    private void InsertAlert(InsertSyntax insert)
    {
        var (node, items, condition) = _selects.BindAlert(insert.Query);
        foreach (var item in items)
        {
            if (item.Name is not ("device" or "ts" or "kind" or "score"))
            {
                throw CompileFault.Type(
                    item.Value.At, $"An alert has the columns device, ts, kind and score, not {item.Name}.");
            }
        }

        RequireDevice(insert, items);
        var time = RequireTime(insert, items);
        var kind = Required(insert, items, "kind").As(ColumnType.Text, "The kind of an alert");
        var score = Required(insert, items, "score").As(ColumnType.Number, "The score of an alert");
        var kinds = Kinds(kind);
        if (kinds.Count == 0)
        {
            throw CompileFault.Type(kind.At, "The kind of an alert is never anything but NULL here.");
        }

        foreach (var index in kinds)
        {
            var text = _context.Texts[index];
            if (!_kinds.Add(text))
            {
                throw CompileFault.Ambiguous(
                    kind.At, $"Alerts of kind '{text}' are inserted by another statement already.");
            }
        }

        var raises = condition?.Scalar ?? new LiteralScalar(1);
        var holds = raises.WithMargin(_clearMargin, looser: true);
        _roots.Add(new AlertNode(node, raises, holds, kind.Scalar, kinds, score.Scalar, time.Scalar, _clearRows));
    }

    // The kinds must be known beforehand: state is kept for each, and people subscribe to them by name.
    private static List<int> Kinds(Typed kind)
    {
        var literals = new List<double>();
        return kind.Scalar.TryLiterals(literals)
            ? [.. literals.Where(index => !double.IsNaN(index)).Select(index => (int)index).Distinct()]
            : throw CompileFault.Unsupported(
                kind.At, "The kind of an alert is a text, or a CASE between texts, in this statement.");
    }

    private void InsertSeries(InsertSyntax insert)
    {
        var name = insert.Target.Text;
        if (_targets.Exists(target => target.Name == name))
        {
            throw CompileFault.Ambiguous(insert.Target.At, $"{name} is inserted into by another statement already.");
        }

        var node = _selects.Bind(insert.Query);
        var items = node.Schema.Columns
            .Select(column => new NamedItem(column.Name, new(column.Read(), column.Type, column.Unit, insert.Query.At)))
            .ToList();
        RequireDevice(insert, items);
        var time = RequireTime(insert, items);
        var columns = new List<PipelineColumn>();
        var slots = new List<int>();
        foreach (var column in node.Schema.Columns)
        {
            if (column.Type is ColumnType.Number or ColumnType.Boolean)
            {
                columns.Add(new(column.Name, column.Unit));
                slots.Add(column.Slot);
            }
            else if (column.Type == ColumnType.Text && HasStar(insert.Query))
            {
                // Of a star, texts are left out: a series holds numbers.
            }
            else if (column.Name is not ("device" or "ts"))
            {
                throw CompileFault.Type(
                    insert.Query.At, $"A series holds numbers; {column.Name} is {Typed.Shown(column.Type)}.");
            }
        }

        if (columns.Count == 0)
        {
            throw CompileFault.Type(insert.Query.At, "A series target needs a column besides device and ts.");
        }

        _targets.Add(new(name, columns));
        _roots.Add(new TargetNode(node, name, slots, time.Scalar));
    }

    private static bool HasStar(SelectSyntax query) =>
        query.From is UnionRelationSyntax union ? union.Queries.Any(HasStar) : query.Items.Any(item => item.Expression is null);

    private static void RequireDevice(InsertSyntax insert, IReadOnlyList<NamedItem> items)
    {
        var device = Required(insert, items, "device");
        if (device.Type != ColumnType.Device)
        {
            throw CompileFault.Type(
                device.At, $"The column device must be the device, found {Typed.Shown(device.Type)}.");
        }
    }

    private static Typed RequireTime(InsertSyntax insert, IReadOnlyList<NamedItem> items)
    {
        var time = Required(insert, items, "ts");
        return time.IsTime ? time : throw CompileFault.Type(
            time.At, $"The column ts must be a time, found {Typed.Shown(time.Type)}.");
    }

    private static Typed Required(InsertSyntax insert, IReadOnlyList<NamedItem> items, string name)
    {
        foreach (var item in items)
        {
            if (item.Name == name)
            {
                return item.Value;
            }
        }

        throw CompileFault.Type(insert.Query.At, $"INSERT INTO {insert.Target.Text} needs a column called {name}.");
    }

    private List<ModelSchema> Models()
    {
        var found = new List<ModelSchema>();
        foreach (var root in _roots)
        {
            var asked = root.Upstream().OfType<PredictNode>().Select(predict => predict.Model).Distinct();
            found.AddRange(asked.Where(model => !found.Contains(model)).ToList());
        }

        return found;
    }
}
