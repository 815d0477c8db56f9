using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.State;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Operators;

/// <summary>TUMBLE, HOP, CUMULATE and SESSION: keeps the rows of open windows and emits a window when the device's watermark passes its
/// end.</summary>
internal sealed class GroupOperator(GroupNode node, RunContext context) : Operator
{
    // As in Flink, whose times are in milliseconds: the last of them inside the window.
    private const long WindowTimeBeforeEndNs = 1_000_000;
    private readonly Scalar[] _columns = [.. node.Window.Columns];
    private readonly int[] _textColumns = [.. node.Window.TextColumns];
    private readonly AggregateCall[] _calls = [.. node.Window.Calls];
    private readonly PerDevice<OpenWindows> _states = new();
    private readonly AggregateScratch _scratch = new();
    private readonly double[] _row = new double[node.Schema.Slots];

    public override bool HasState => true;

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        if (!_states.TryGet(head.Device, out var open))
        {
            open = new(new(_columns.Length, timed: true));
            _states.Set(head.Device, open);
        }

        var buffer = open.Rows;
        if (node.Cut.Kind == TimeWindowKind.Session)
        {
            CloseSession(head.Device, open, head.TimeNs, head.InputId);
            open.NextStartNs = buffer.Count == 0 ? head.TimeNs : open.NextStartNs;
        }

        buffer.Append(head.TimeNs);
        for (var i = 0; i < _columns.Length; i++)
        {
            buffer.Set(i, _columns[i].Evaluate(head, row));
        }

        var tooMany = Math.Max(0, buffer.Count - context.Limits.WindowRowsMax);
        buffer.DropOldest(tooMany);
        context.WindowRowsDropped += tooMany;
    }

    public override void Watermark(int device, long watermarkNs, long inputId)
    {
        if (_states.TryGet(device, out var open))
        {
            switch (node.Cut.Kind)
            {
                case TimeWindowKind.Hop:
                    Close(device, open, watermarkNs, inputId);
                    break;
                case TimeWindowKind.Cumulate:
                    CloseGrowing(device, open, watermarkNs, inputId);
                    break;
                default:
                    CloseSession(device, open, watermarkNs, inputId);
                    break;
            }
        }

        // The next window to close ends after the watermark, so its row may be stamped that little before it.
        base.Watermark(device, Math.Max(watermarkNs, long.MinValue + WindowTimeBeforeEndNs) - WindowTimeBeforeEndNs, inputId);
    }

    public override void Forget(int device) => _states.Clear(device);

    public override void KeepTexts(TextPool texts)
    {
        for (var device = 0; device < _states.Count; device++)
        {
            if (_states.TryGet(device, out var open))
            {
                open.Rows.KeepTexts(texts, _textColumns);
            }
        }
    }

    public override void Save(CheckpointWriter writer)
    {
        writer.Write(_states.Count);
        for (var device = 0; device < _states.Count; device++)
        {
            var known = _states.TryGet(device, out var open);
            writer.Write(known ? 1 : 0);
            if (open is not null)
            {
                writer.Write(open.NextStartNs);
                open.Rows.Save(writer);
            }
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

            var open = new OpenWindows(new(_columns.Length, timed: true)) { NextStartNs = reader.ReadInt64() };
            if (!open.Rows.Load(ref reader, context.Limits.WindowRowsMax) || !open.Rows.TryTranslate(context.Texts, _textColumns))
            {
                return false;
            }

            _states.Set(device, open);
        }

        return !reader.Failed && count <= context.Devices.Places;
    }

    private void Close(int device, OpenWindows open, long watermarkNs, long inputId)
    {
        var buffer = open.Rows;
        while (buffer.Count > 0)
        {
            // The first window that holds the oldest row and is not closed yet; windows without rows are skipped.
            var startNs = Math.Max(open.NextStartNs, FirstStart(buffer.Times[0]));
            var endNs = Later(startNs, node.Cut.SizeNs);
            if (endNs > watermarkNs || endNs == long.MaxValue)
            {
                return;
            }

            var from = buffer.Before(startNs);
            var count = buffer.Before(endNs) - from;
            if (count > 0)
            {
                EmitWindow(device, buffer, from, count, startNs, endNs, inputId);
            }

            open.NextStartNs = Later(startNs, node.Cut.StepNs);
            buffer.DropOldest(buffer.Before(open.NextStartNs));
        }
    }

    /// <summary>Emits what has grown by a step, with or without a new row, until it has its size; NextStartNs is the end of the step to come.</summary>
    private void CloseGrowing(int device, OpenWindows open, long watermarkNs, long inputId)
    {
        var (_, sizeNs, stepNs) = node.Cut;
        var buffer = open.Rows;
        while (buffer.Count > 0)
        {
            var oldestNs = buffer.Times[0];
            var startNs = oldestNs - (oldestNs % sizeNs);
            var endNs = Math.Max(open.NextStartNs, Later(oldestNs - (oldestNs % stepNs), stepNs));
            if (endNs > watermarkNs || endNs == long.MaxValue)
            {
                return;
            }

            var count = buffer.Before(endNs);
            EmitWindow(device, buffer, 0, count, startNs, endNs, inputId);
            open.NextStartNs = Later(endNs, stepNs);
            buffer.DropOldest(endNs == Later(startNs, sizeNs) ? count : 0);
        }
    }

    /// <summary>Emits the session once nothing can continue it; NextStartNs is where it began, were its oldest rows dropped or not.</summary>
    private void CloseSession(int device, OpenWindows open, long watermarkNs, long inputId)
    {
        var buffer = open.Rows;

        // As in Flink, a row exactly the gap after the last one continues the session, and it may still come when the watermark is there.
        var endNs = buffer.Count == 0 ? long.MaxValue : Later(buffer.Times[^1], node.Cut.SizeNs);
        if (endNs < watermarkNs)
        {
            EmitWindow(device, buffer, 0, buffer.Count, open.NextStartNs, endNs, inputId);
            buffer.DropOldest(buffer.Count);
        }
    }

    private void EmitWindow(int device, SlidingBuffer buffer, int from, int count, long startNs, long endNs, long inputId)
    {
        _row[GroupNode.StartSlot] = Scalar.FromTime(startNs);
        _row[GroupNode.EndSlot] = Scalar.FromTime(endNs);
        _scratch.Begin();
        foreach (ref readonly var call in _calls.AsSpan())
        {
            _row[call.Slot] = WindowAggregates.Evaluate(call, buffer, from, count, _scratch);
        }

        Emit(new(device, endNs - WindowTimeBeforeEndNs, inputId, context.Texts), _row);
    }

    // A window that would end after all time never ends.
    private static long Later(long timeNs, long byNs) => timeNs > long.MaxValue - byNs ? long.MaxValue : timeNs + byNs;

    // The least multiple of the slide that is greater than time - size.
    private long FirstStart(long timeNs)
    {
        var before = timeNs - node.Cut.SizeNs;
        var floor = before >= 0 ? before / node.Cut.StepNs : ((before + 1) / node.Cut.StepNs) - 1;
        return (floor + 1) * node.Cut.StepNs;
    }

    /// <summary>The rows of a device's open windows, and the start of the first window that is not closed.</summary>
    private sealed class OpenWindows(SlidingBuffer rows)
    {
        public SlidingBuffer Rows => rows;

        public long NextStartNs { get; set; } = long.MinValue;
    }
}
