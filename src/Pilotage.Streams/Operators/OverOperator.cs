using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.State;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Operators;

/// <summary>Adds to each row the aggregates of its device's windows up to and including it.</summary>
internal sealed class OverOperator : Operator
{
    private readonly RunContext _context;
    private readonly SharedRows[] _bounded;
    private readonly WindowSpec[] _unbounded;
    private readonly Scalar[][] _unboundedColumns;
    private readonly AggregateCall[][] _unboundedCalls;
    private readonly bool[][] _unboundedTexts;
    private readonly PerDevice<DeviceWindows> _states = new();
    private readonly AggregateScratch _scratch = new();
    private readonly double[] _row;

    public OverOperator(OverNode node, RunContext context)
    {
        _context = context;
        _bounded = [.. SharedRows.Of(node.Windows)];
        _unbounded = [.. node.Windows.Where(window => window.Frame.Kind == FrameKind.Unbounded)];
        _unboundedColumns = [.. _unbounded.Select(window => window.Columns.ToArray())];
        _unboundedCalls = [.. _unbounded.Select(window => window.Calls.ToArray())];
        _unboundedTexts = [.. _unbounded.Select(window => window.Calls.Select(window.HoldsText).ToArray())];
        _row = new double[node.Schema.Slots];
    }

    public override bool HasState => true;

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        if (!_states.TryGet(head.Device, out var state))
        {
            state = new(this);
            _states.Set(head.Device, state);
        }

        row.CopyTo(_row);
        for (var i = 0; i < _bounded.Length; i++)
        {
            Slide(_bounded[i], state.Buffers[i], head, row);
        }

        for (var i = 0; i < _unbounded.Length; i++)
        {
            Run(_unboundedCalls[i], _unboundedColumns[i], state.Running[i], head, row);
        }

        Emit(head, _row);
    }

    public override void KeepTexts(TextPool texts)
    {
        for (var device = 0; device < _states.Count; device++)
        {
            if (_states.TryGet(device, out var state))
            {
                state.KeepTexts(texts);
            }
        }
    }

    public override void Forget(int device) => _states.Clear(device);

    public override void Save(CheckpointWriter writer)
    {
        writer.Write(_states.Count);
        for (var device = 0; device < _states.Count; device++)
        {
            var known = _states.TryGet(device, out var state);
            writer.Write(known ? 1 : 0);
            state?.Save(writer);
        }
    }

    public override bool Load(ref CheckpointReader reader)
    {
        var count = reader.ReadCount(sizeof(int));
        for (var device = 0; device < count; device++)
        {
            if (reader.ReadInt32() != 1)
            {
                continue;
            }

            var state = new DeviceWindows(this);
            if (!state.Load(ref reader, _context.Limits.WindowRowsMax))
            {
                return false;
            }

            _states.Set(device, state);
        }

        return !reader.Failed && count <= _context.Devices.Places;
    }

    private void Slide(SharedRows windows, SlidingBuffer buffer, in RowHead head, ReadOnlySpan<double> row)
    {
        buffer.Append(head.TimeNs);
        for (var i = 0; i < windows.Columns.Length; i++)
        {
            buffer.Set(i, windows.Columns[i].Evaluate(head, row));
        }

        Evict(windows, buffer, head.TimeNs);
        _scratch.Begin();
        foreach (ref readonly var part in windows.Parts.AsSpan())
        {
            var from = windows.Kind == FrameKind.Rows
                ? Math.Max(0, buffer.Count - 1 - (int)part.Preceding)
                : part.Preceding == windows.Preceding ? 0 : buffer.Before(head.TimeNs - part.Preceding);
            foreach (ref readonly var call in part.Calls.AsSpan())
            {
                _row[call.Slot] = WindowAggregates.Evaluate(call, buffer, from, buffer.Count - from, _scratch);
            }
        }
    }

    private void Evict(SharedRows windows, SlidingBuffer buffer, long nowNs)
    {
        if (windows.Kind == FrameKind.Rows)
        {
            buffer.DropOldest(Math.Max(0, buffer.Count - 1 - (int)windows.Preceding));
            return;
        }

        var times = buffer.Times;
        var old = 0;
        while (times[old] < nowNs - windows.Preceding)
        {
            old++;
        }

        buffer.DropOldest(old);
        var tooMany = Math.Max(0, buffer.Count - _context.Limits.WindowRowsMax);
        buffer.DropOldest(tooMany);
        _context.WindowRowsDropped += tooMany;
    }

    private void Run(
        AggregateCall[] calls, Scalar[] columns, RunningAggregate[] running, in RowHead head, ReadOnlySpan<double> row)
    {
        for (var i = 0; i < calls.Length; i++)
        {
            var call = calls[i];
            var value = call.Column < 0 ? 0 : columns[call.Column].Evaluate(head, row);
            var other = call.Second < 0 ? 0 : columns[call.Second].Evaluate(head, row);
            running[i].Add(call.Function, value, other);
            _row[call.Slot] = running[i].Value(call.Function);
        }
    }

    /// <summary>The windows of one device: rows where the frame is bounded, running values where it is not.</summary>
    private sealed class DeviceWindows(OverOperator windows)
    {
        public SlidingBuffer[] Buffers { get; } = Array.ConvertAll(windows._bounded, shared => shared.NewBuffer());

        public RunningAggregate[][] Running { get; } =
            Array.ConvertAll(windows._unboundedCalls, calls => new RunningAggregate[calls.Length]);

        public void KeepTexts(TextPool texts)
        {
            for (var i = 0; i < Buffers.Length; i++)
            {
                Buffers[i].KeepTexts(texts, windows._bounded[i].TextColumns);
            }

            for (var i = 0; i < Running.Length; i++)
            {
                for (var j = 0; j < Running[i].Length; j++)
                {
                    if (windows._unboundedTexts[i][j])
                    {
                        Running[i][j].KeepText(texts);
                    }
                }
            }
        }

        public void Save(CheckpointWriter writer)
        {
            foreach (var buffer in Buffers)
            {
                buffer.Save(writer);
            }

            foreach (var aggregate in Running.SelectMany(window => window))
            {
                aggregate.Save(writer);
            }
        }

        public bool Load(ref CheckpointReader reader, int rowsMax)
        {
            var texts = windows._context.Texts;
            for (var i = 0; i < Buffers.Length; i++)
            {
                if (!Buffers[i].Load(ref reader, rowsMax) || !Buffers[i].TryTranslate(texts, windows._bounded[i].TextColumns))
                {
                    return false;
                }
            }

            for (var i = 0; i < Running.Length; i++)
            {
                for (var j = 0; j < Running[i].Length; j++)
                {
                    Running[i][j] = RunningAggregate.Load(ref reader);
                    if (windows._unboundedTexts[i][j] && !Running[i][j].TryTranslate(texts))
                    {
                        return false;
                    }
                }
            }

            return !reader.Failed;
        }
    }
}
