using Pilotage.Core;
using Pilotage.Streams.Binding;
using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Operators;

/// <summary>Groups rows by any values, in constant memory for each group, and tells the groups at the end in the order in which they were met.</summary>
internal sealed class GatherOperator : Operator
{
    private const int NoDevice = -1;
    private readonly GatherNode _node;
    private readonly RunContext _context;
    private readonly Scalar[] _keys;
    private readonly int[] _textKeys;
    private readonly Scalar[] _columns;
    private readonly AggregateCall[] _calls;
    private readonly Dictionary<GroupKey, RunningAggregate[]> _groups = new(GroupKey.Equality);
    private readonly List<GroupKey> _order = [];
    private readonly double[] _values;

    public GatherOperator(GatherNode node, RunContext context)
    {
        (_node, _context) = (node, context);
        _keys = [.. node.Keys];
        _textKeys = [.. node.Schema.Columns.Where(column => column.Type == ColumnType.Text && column.Slot >= 0).Select(column => column.Slot)];
        _columns = [.. node.Window.Columns];
        _calls = [.. node.Window.Calls];
        _values = new double[_columns.Length];
        if (_keys.Length == 0 && !node.ByDevice)
        {
            Find(new(NoDevice, []));
        }
    }

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        var key = new double[_keys.Length];
        for (var i = 0; i < key.Length; i++)
        {
            // One spelling of nothing and of zero, so that equal values make one group.
            var value = _keys[i].Evaluate(head, row);
            key[i] = double.IsNaN(value) ? Scalar.Null : value == 0 ? 0 : value;
        }

        if (Find(new(_node.ByDevice ? head.Device : NoDevice, key)) is not { } group)
        {
            return;
        }

        for (var i = 0; i < _values.Length; i++)
        {
            _values[i] = _columns[i].Evaluate(head, row);
        }

        for (var i = 0; i < group.Length; i++)
        {
            var call = _calls[i];
            group[i].Add(call.Function, call.Column < 0 ? 0 : _values[call.Column], call.Second < 0 ? 0 : _values[call.Second]);
        }
    }

    public override void Complete()
    {
        var row = new double[_node.Schema.Slots];
        foreach (var key in _order)
        {
            if (_context.IsDone)
            {
                break;
            }

            key.Values.CopyTo(row, 0);
            var group = _groups[key];
            for (var i = 0; i < group.Length; i++)
            {
                row[_calls[i].Slot] = group[i].Value(_calls[i].Function);
            }

            Emit(new RowHead(key.Device, 0, 0, _context.Texts), row);
        }

        _groups.Clear();
        _order.Clear();
        base.Complete();
    }

    public override void KeepTexts(TextPool texts)
    {
        foreach (var (key, group) in _groups)
        {
            foreach (var place in _textKeys)
            {
                texts.Keep(key.Values[place]);
            }

            for (var i = 0; i < group.Length; i++)
            {
                if (_node.Window.HoldsText(_calls[i]))
                {
                    group[i].KeepText(texts);
                }
            }
        }
    }

    private RunningAggregate[]? Find(GroupKey key)
    {
        if (_groups.TryGetValue(key, out var group))
        {
            return group;
        }

        if (_groups.Count == _context.Limits.GroupsMax)
        {
            _context.Overflow ??= new Refusal(
                "pipeline.groups", $"The question makes more than {_context.Limits.GroupsMax:N0} groups; group by less, or ask for a shorter time or fewer devices.");
            return null;
        }

        group = new RunningAggregate[_calls.Length];
        _groups.Add(key, group);
        _order.Add(key);
        return group;
    }

    private sealed record GroupKey(int Device, double[] Values)
    {
        public static IEqualityComparer<GroupKey> Equality { get; } = EqualityComparer<GroupKey>.Create(
            static (left, right) => left!.Device == right!.Device && Bits(left).SequenceEqual(Bits(right)),
            static key =>
            {
                var hash = default(HashCode);
                hash.Add(key.Device);
                hash.AddBytes(Bits(key));
                return hash.ToHashCode();
            });

        private static ReadOnlySpan<byte> Bits(GroupKey key) => System.Runtime.InteropServices.MemoryMarshal.AsBytes<double>(key.Values);
    }
}
