using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.State;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Operators;

/// <summary>LEAD: holds a device's rows back until the ones that they look ahead to have come, or none will.</summary>
internal sealed class LeadOperator : Operator
{
    private readonly RunContext _context;
    private readonly LeadCall[] _calls;
    private readonly int _most;
    private readonly int _width;
    private readonly int[] _textSlots;
    private readonly PerDevice<HeldBack> _states = new();

    public LeadOperator(LeadNode node, RunContext context)
    {
        (_context, _calls) = (context, [.. node.Calls]);
        _width = node.Schema.Slots;
        _most = node.Calls.Max(call => call.Rows);
        _textSlots = [.. node.Schema.TextSlots.Concat(node.Calls.Where(call => call.IsText).Select(call => call.Slot))];
    }

    public override bool HasState => true;

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        if (!_states.TryGet(head.Device, out var held))
        {
            held = new(_width);
            _states.Set(head.Device, held);
        }

        var added = held.Add(head.TimeNs, head.InputId);
        row.CopyTo(added);
        foreach (var call in _calls)
        {
            added[call.Slot] = Scalar.Null;
        }

        foreach (var call in _calls)
        {
            if (held.Count > call.Rows)
            {
                held.FromNewest(call.Rows)[call.Slot] = call.Value.Evaluate(head, row);
            }
        }

        if (held.Count > _most)
        {
            Release(head.Device, held);
        }
    }

    public override void Watermark(int device, long watermarkNs, long inputId)
    {
        if (!_states.TryGet(device, out var held))
        {
            base.Watermark(device, watermarkNs, inputId);
            return;
        }

        while (watermarkNs >= EndNs && held.Count > 0)
        {
            Release(device, held);
        }

        // A row that is held back is still to come, and with it whoever asks for all rows of its time.
        base.Watermark(device, held.Count > 0 ? Math.Min(watermarkNs, held.OldestNs - 1) : watermarkNs, inputId);
    }

    public override void Forget(int device) => _states.Clear(device);

    public override void KeepTexts(TextPool texts)
    {
        for (var device = 0; device < _states.Count; device++)
        {
            for (var i = 0; _states.TryGet(device, out var held) && i < held.Count; i++)
            {
                foreach (var slot in _textSlots)
                {
                    texts.Keep(held.FromNewest(i)[slot]);
                }
            }
        }
    }

    public override void Save(CheckpointWriter writer)
    {
        writer.Write(_states.Count);
        for (var device = 0; device < _states.Count; device++)
        {
            var known = _states.TryGet(device, out var held);
            writer.Write(known ? 1 : 0);
            held?.Save(writer);
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

            var held = new HeldBack(_width);
            if (!held.Load(ref reader, _most))
            {
                return false;
            }

            for (var i = 0; i < held.Count; i++)
            {
                foreach (var slot in _textSlots)
                {
                    if (!_context.Texts.TryTranslate(held.FromNewest(i).Slice(slot, 1)))
                    {
                        return false;
                    }
                }
            }

            _states.Set(device, held);
        }

        return !reader.Failed && count <= _context.Devices.Places;
    }

    private void Release(int device, HeldBack held)
    {
        // Taken before it goes on: should a model throw, the row counts as told.
        var (timeNs, inputId, row) = held.TakeOldest();
        Emit(new(device, timeNs, inputId, _context.Texts), row);
    }

    /// <summary>Rows of one device in a ring, which grows to what the farthest LEAD looks ahead.</summary>
    private sealed class HeldBack(int width)
    {
        private Row[] _rows = [new(width), new(width)];
        private int _oldest;

        public int Count { get; private set; }

        public long OldestNs => _rows[_oldest].TimeNs;

        public Span<double> Add(long timeNs, long inputId)
        {
            if (Count == _rows.Length)
            {
                _rows = [.. _rows[_oldest..], .. _rows[.._oldest], .. Enumerable.Range(0, Count).Select(_ => new Row(width))];
                _oldest = 0;
            }

            var row = At(Count++);
            (row.TimeNs, row.InputId) = (timeNs, inputId);
            return row.Values;
        }

        public Span<double> FromNewest(int rows) => At(Count - 1 - rows).Values;

        /// <summary>The values are good until a row is added.</summary>
        public (long TimeNs, long InputId, double[] Values) TakeOldest()
        {
            var row = _rows[_oldest];
            _oldest = (_oldest + 1) % _rows.Length;
            Count--;
            return (row.TimeNs, row.InputId, row.Values);
        }

        public void Save(CheckpointWriter writer)
        {
            writer.Write(Count);
            for (var i = 0; i < Count; i++)
            {
                var row = At(i);
                writer.Write([row.TimeNs, row.InputId]);
                writer.Write(row.Values);
            }
        }

        public bool Load(ref CheckpointReader reader, int rowsMax)
        {
            var count = reader.ReadCount((2 * sizeof(long)) + (width * sizeof(double)));
            for (var i = 0; i < count; i++)
            {
                var timeNs = reader.ReadInt64();
                reader.Read(Add(timeNs, reader.ReadInt64()));
            }

            return count <= rowsMax && !reader.Failed;
        }

        private Row At(int place) => _rows[(_oldest + place) % _rows.Length];

        private sealed class Row(int width)
        {
            public long TimeNs { get; set; }

            public long InputId { get; set; }

            public double[] Values { get; } = new double[width];
        }
    }
}
