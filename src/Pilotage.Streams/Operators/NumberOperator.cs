using System.Runtime.InteropServices;
using Pilotage.Core;
using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.State;

namespace Pilotage.Streams.Operators;

/// <summary>Numbers the rows of a device that have the same keys, in order of time.</summary>
internal sealed class NumberOperator : Operator
{
    private readonly RunContext _context;
    private readonly Scalar[] _keys;
    private readonly bool[] _areTexts;
    private readonly int _slot;
    private readonly long _ttlNs;
    private readonly PerDevice<Numbers> _states = new();
    private readonly double[] _key;
    private readonly double[] _row;

    public NumberOperator(NumberNode node, RunContext context)
    {
        _context = context;
        (_keys, _areTexts, _slot, _ttlNs) = (node.Numbering.Keys, node.Numbering.AreTexts, node.Numbering.Slot, node.Numbering.TtlNs);
        _key = new double[_keys.Length];
        _row = new double[node.Schema.Slots];
    }

    public override bool HasState => true;

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        if (!_states.TryGet(head.Device, out var numbers))
        {
            numbers = new(_ttlNs);
            _states.Set(head.Device, numbers);
        }

        for (var i = 0; i < _key.Length; i++)
        {
            // One spelling of nothing and of zero, so that equal values are one key.
            var value = _keys[i].Evaluate(head, row);
            _key[i] = double.IsNaN(value) ? Scalar.Null : value + 0.0;
        }

        row.CopyTo(_row);
        _row[_slot] = numbers.Next(_key, head.TimeNs, _context);
        Emit(head, _row);
    }

    public override void Forget(int device) => _states.Clear(device);

    public override void KeepTexts(TextPool texts)
    {
        for (var device = 0; device < _states.Count; device++)
        {
            foreach (var key in _states.TryGet(device, out var numbers) ? numbers.Keys : [])
            {
                for (var i = 0; i < key.Length; i++)
                {
                    texts.Keep(_areTexts[i] ? key[i] : Scalar.Null);
                }
            }
        }
    }

    public override void Save(CheckpointWriter writer)
    {
        writer.Write(_states.Count);
        for (var device = 0; device < _states.Count; device++)
        {
            var known = _states.TryGet(device, out var numbers);
            writer.Write(known ? 1 : 0);
            numbers?.Save(writer);
        }
    }

    public override bool Load(ref CheckpointReader reader)
    {
        var count = reader.ReadCount(sizeof(int));
        for (var device = 0; device < count && !reader.Failed; device++)
        {
            if (reader.ReadInt32() != 1)
            {
                continue;
            }

            var numbers = new Numbers(_ttlNs);
            var keys = reader.ReadCount((_key.Length * sizeof(double)) + ((_ttlNs == 0 ? 1 : 2) * sizeof(long)));
            for (var left = keys; left > 0; left--)
            {
                reader.Read(_key);
                if (!TryTranslate() || !numbers.TryAdd(_key, reader.ReadInt64(), _ttlNs == 0 ? 0 : reader.ReadInt64()))
                {
                    return false;
                }
            }

            if (keys > _context.Limits.NumberedKeysMax)
            {
                return false;
            }

            _states.Set(device, numbers);
        }

        return !reader.Failed && count <= _context.Devices.Places;
    }

    private bool TryTranslate()
    {
        for (var i = 0; i < _key.Length; i++)
        {
            if (_areTexts[i] && !_context.Texts.TryTranslate(_key.AsSpan(i, 1)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The keys of one device and how many rows each had: in the order in which they were met first, or last where they are forgotten after a time.</summary>
    private sealed class Numbers(long ttlNs)
    {
        private static readonly IEqualityComparer<double[]> Bits = EqualityComparer<double[]>.Create(
            static (left, right) => MemoryMarshal.AsBytes<double>(left).SequenceEqual(MemoryMarshal.AsBytes<double>(right)),
            static key =>
            {
                var hash = default(HashCode);
                hash.AddBytes(MemoryMarshal.AsBytes<double>(key));
                return hash.ToHashCode();
            });

        private readonly Dictionary<double[], LinkedListNode<Numbered>> _places = new(Bits);
        private readonly LinkedList<Numbered> _keys = new();

        public IEnumerable<double[]> Keys => _keys.Select(numbered => numbered.Key);

        public long Next(double[] key, long nowNs, RunContext context)
        {
            while (ttlNs > 0 && _keys.First is { } idle && idle.Value.LastNs < nowNs - ttlNs)
            {
                Forget(idle);
            }

            if (_places.TryGetValue(key, out var place))
            {
                place.Value = place.Value with { Rows = place.Value.Rows + 1, LastNs = nowNs };
                if (ttlNs > 0)
                {
                    _keys.Remove(place);
                    _keys.AddLast(place);
                }

                return place.Value.Rows;
            }

            if (_keys.Count == context.Limits.NumberedKeysMax)
            {
                Forget(_keys.First!);
                context.WindowRowsDropped++;

                // A question has no later rows to be right about; it is refused by its own bound.
                context.Overflow ??= new Refusal(
                    "pipeline.numbered_keys", $"ROW_NUMBER would have to remember more than {context.Limits.NumberedKeysMax:N0} different keys of one device; ask for a shorter time, or number by less.");
            }

            TryAdd(key, 1, nowNs);
            return 1;
        }

        public bool TryAdd(double[] key, long rows, long lastNs)
        {
            var place = new LinkedListNode<Numbered>(new((double[])key.Clone(), rows, lastNs));
            var isNew = _places.TryAdd(place.Value.Key, place);
            if (isNew)
            {
                _keys.AddLast(place);
            }

            return isNew;
        }

        public void Save(CheckpointWriter writer)
        {
            writer.Write(_keys.Count);
            foreach (var (key, rows, lastNs) in _keys)
            {
                writer.Write(key);
                writer.Write(rows);
                if (ttlNs > 0)
                {
                    writer.Write(lastNs);
                }
            }
        }

        private void Forget(LinkedListNode<Numbered> place)
        {
            _places.Remove(place.Value.Key);
            _keys.Remove(place);
        }

        private readonly record struct Numbered(double[] Key, long Rows, long LastNs);
    }
}
