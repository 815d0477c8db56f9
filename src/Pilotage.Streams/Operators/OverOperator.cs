using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.State;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Operators;

/// <summary>Adds to each row the aggregates of its device's windows up to and including it.</summary>
internal sealed class OverOperator : Operator
{
    private readonly RunContext _context;
    private readonly WindowSpec[] _windows;
    private readonly Scalar[][] _columns;
    private readonly AggregateCall[][] _calls;
    private readonly PerDevice<DeviceWindows> _states = new();
    private readonly double[] _row;

    public OverOperator(OverNode node, RunContext context)
    {
        _context = context;
        _windows = [.. node.Windows];
        _columns = [.. node.Windows.Select(window => window.Columns.ToArray())];
        _calls = [.. node.Windows.Select(window => window.Calls.ToArray())];
        _row = new double[node.Schema.Slots];
    }

    public override bool HasState => true;

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        if (!_states.TryGet(head.Device, out var state))
        {
            state = new(_windows);
            _states.Set(head.Device, state);
        }

        row.CopyTo(_row);
        for (var i = 0; i < _windows.Length; i++)
        {
            if (state.Buffers[i] is { } buffer)
            {
                Slide(i, buffer, head, row);
            }
            else
            {
                Run(i, state.Running[i], head, row);
            }
        }

        Emit(head, _row);
    }

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

            var state = new DeviceWindows(_windows);
            if (!state.Load(ref reader, _windows))
            {
                return false;
            }

            _states.Set(device, state);
        }

        return !reader.Failed && count <= _context.Devices.Count;
    }

    private void Slide(int window, SlidingBuffer buffer, in RowHead head, ReadOnlySpan<double> row)
    {
        var columns = _columns[window];
        buffer.Append(head.TimeNs);
        for (var i = 0; i < columns.Length; i++)
        {
            buffer.Set(i, columns[i].Evaluate(head, row));
        }

        Evict(_windows[window].Frame, buffer, head.TimeNs);
        foreach (ref readonly var call in _calls[window].AsSpan())
        {
            _row[call.Slot] = WindowAggregates.Evaluate(call, buffer, 0, buffer.Count);
        }
    }

    private void Evict(WindowFrame frame, SlidingBuffer buffer, long nowNs)
    {
        if (frame.Kind == FrameKind.Rows)
        {
            buffer.DropOldest(Math.Max(0, buffer.Count - 1 - (int)frame.Preceding));
            return;
        }

        var times = buffer.Times;
        var old = 0;
        while (times[old] < nowNs - frame.Preceding)
        {
            old++;
        }

        buffer.DropOldest(old);
        var tooMany = Math.Max(0, buffer.Count - _context.Limits.WindowRowsMax);
        buffer.DropOldest(tooMany);
        _context.WindowRowsDropped += tooMany;
    }

    private void Run(int window, RunningAggregate[] running, in RowHead head, ReadOnlySpan<double> row)
    {
        var calls = _calls[window];
        var columns = _columns[window];
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
    private sealed class DeviceWindows
    {
        public DeviceWindows(WindowSpec[] windows)
        {
            Buffers = new SlidingBuffer?[windows.Length];
            Running = new RunningAggregate[windows.Length][];
            for (var i = 0; i < windows.Length; i++)
            {
                var unbounded = windows[i].Frame.Kind == FrameKind.Unbounded;
                Buffers[i] = unbounded ? null : new(windows[i].Columns.Count);
                Running[i] = unbounded ? new RunningAggregate[windows[i].Calls.Count] : [];
            }
        }

        public SlidingBuffer?[] Buffers { get; }

        public RunningAggregate[][] Running { get; }

        public void Save(CheckpointWriter writer)
        {
            for (var i = 0; i < Buffers.Length; i++)
            {
                Buffers[i]?.Save(writer);
                foreach (var aggregate in Running[i])
                {
                    aggregate.Save(writer);
                }
            }
        }

        public bool Load(ref CheckpointReader reader, WindowSpec[] windows)
        {
            for (var i = 0; i < Buffers.Length; i++)
            {
                if (Buffers[i] is not null)
                {
                    Buffers[i] = SlidingBuffer.Load(ref reader, windows[i].Columns.Count);
                    if (Buffers[i] is null)
                    {
                        return false;
                    }
                }

                for (var j = 0; j < Running[i].Length; j++)
                {
                    Running[i][j] = RunningAggregate.Load(ref reader);
                }
            }

            return !reader.Failed;
        }
    }
}
