using System.Diagnostics;
using System.Runtime.InteropServices;
using Pilotage.Streams.Expressions;
using Pilotage.Streams.State;

namespace Pilotage.Streams.Operators;

/// <summary>Puts a device's rows in order before anything else sees them, and drops what is late or repeated.</summary>
/// <remarks>
/// The watermark of a device is its newest time less the lateness, or what <see cref="Dataflow.Advance"/> said if that
/// is more. Rows wait until the watermark reaches them; with a lateness of nothing they never wait. Because the
/// watermark is the device's own, what a device's rows yield does not depend on how they were interleaved with those of
/// other devices.
/// </remarks>
internal sealed class SourceOperator(int width, int[] textSlots, long latenessNs, RunContext context) : Operator
{
    private const double NsPerSecond = 1e9;
    private readonly PerDevice<DeviceOrder> _orders = new();
    private readonly double[] _row = new double[width];

    // The numbers of a row that comes too late, and by how many seconds.
    private readonly double[] _late = new double[width - textSlots.Length + 1];

    public int Width => width;

    /// <summary>Whether a row of this device was given.</summary>
    public bool Knows(int device) => _orders.TryGet(device, out _);

    /// <summary>The series target of rows that come too late; null where they are only counted.</summary>
    public string? LateTarget { get; init; }

    public override bool HasState => true;

    /// <summary>The least watermark of every device, as advanced from outside.</summary>
    public long AdvancedNs { get; private set; } = long.MinValue;

    /// <summary>Takes a row; texts by slot, for slots that hold them.</summary>
    public PushResult Take(int device, long tsNs, ReadOnlySpan<double> values, ReadOnlySpan<string?> texts, long inputId)
    {
        if (!_orders.TryGet(device, out var order))
        {
            order = new(width);
            _orders.Set(device, order);
        }

        var reachedNs = Math.Max(order.WatermarkNs, AdvancedNs);
        if (tsNs < reachedNs)
        {
            context.Late++;
            TellLate(device, tsNs, values, (reachedNs - tsNs) / NsPerSecond, inputId);
            return PushResult.Late;
        }

        for (var i = 0; i < width; i++)
        {
            _row[i] = Scalar.Finite(values[i]);
        }

        foreach (var slot in textSlots)
        {
            _row[slot] = slot < texts.Length && texts[slot] is { } text ? context.Texts.Add(text) : Scalar.Null;
        }

        // Fast path: nothing waits, so the row goes straight through.
        var newestNs = Math.Max(order.NewestNs, tsNs);
        var passes = latenessNs == 0 && order.Waiting.Count == 0;
        if (passes && order.Repeats(tsNs, _row))
        {
            context.Duplicates++;
            return PushResult.Duplicate;
        }

        // Before the row goes on: should a model throw, the row counts as seen and what is older is late all the same.
        context.Rows++;
        order.NewestNs = newestNs;
        order.WatermarkNs = Math.Max(order.WatermarkNs, newestNs - latenessNs);
        if (passes)
        {
            Pass(order, new(device, tsNs, inputId, context.Texts), _row);
        }
        else
        {
            order.Waiting.Add(tsNs, inputId, _row);
        }

        Settle(device, order, order.WatermarkNs, inputId);
        return PushResult.Taken;
    }

    public void Advance(long watermarkNs)
    {
        AdvancedNs = Math.Max(AdvancedNs, watermarkNs);
        for (var device = 0; device < _orders.Count; device++)
        {
            if (_orders.TryGet(device, out var order))
            {
                Settle(device, order, AdvancedNs, order.LastInputId);
            }
        }
    }

    /// <summary>No row of this device will come any more: its waiting rows go on, its windows close.</summary>
    public void End(int device)
    {
        if (_orders.TryGet(device, out var order))
        {
            Settle(device, order, long.MaxValue, order.LastInputId);
        }
    }

    public override void Push(
        in RowHead head, ReadOnlySpan<double> row) => throw new UnreachableException();

    public override void KeepTexts(TextPool texts)
    {
        for (var device = 0; device < _orders.Count && textSlots.Length > 0; device++)
        {
            if (_orders.TryGet(device, out var order))
            {
                order.KeepTexts(texts, textSlots);
            }
        }
    }

    public override void Forget(int device) => _orders.Clear(device);

    public override void Save(CheckpointWriter writer)
    {
        writer.Write(AdvancedNs);
        writer.Write(_orders.Count);
        for (var device = 0; device < _orders.Count; device++)
        {
            var known = _orders.TryGet(device, out var order);
            writer.Write(known ? 1 : 0);
            order?.Save(writer);
        }
    }

    public override bool Load(ref CheckpointReader reader)
    {
        AdvancedNs = reader.ReadInt64();
        var count = reader.ReadCount(sizeof(int));
        for (var device = 0; device < count && !reader.Failed; device++)
        {
            if (reader.ReadInt32() == 1)
            {
                var order = DeviceOrder.Load(ref reader, width);
                if (!order.TryTranslate(context.Texts, textSlots))
                {
                    return false;
                }

                _orders.Set(device, order);
            }
        }

        return !reader.Failed && count <= context.Devices.Places;
    }

    private void TellLate(int device, long tsNs, ReadOnlySpan<double> values, double lateBy, long inputId)
    {
        if (LateTarget is null)
        {
            return;
        }

        var numbers = 0;
        for (var slot = 0; slot < width; slot++)
        {
            if (!textSlots.AsSpan().Contains(slot))
            {
                _late[numbers++] = Scalar.Finite(values[slot]);
            }
        }

        _late[numbers] = lateBy;
        context.Sink.Row(LateTarget, context.Device(device), tsNs, _late, inputId);
    }

    private void Pass(DeviceOrder order, in RowHead head, ReadOnlySpan<double> row)
    {
        order.Remember(head.TimeNs, head.InputId, row);
        Emit(head, row);
    }

    private void Settle(int device, DeviceOrder order, long watermarkNs, long inputId)
    {
        order.WatermarkNs = Math.Max(order.WatermarkNs, watermarkNs);
        while (order.Waiting.Count > 0)
        {
            var due = order.Waiting.OldestNs <= order.WatermarkNs;
            if (!due && order.Waiting.Count <= context.Limits.ReorderRowsMax)
            {
                break;
            }

            context.ReleasedEarly += due ? 0 : 1;
            order.WatermarkNs = Math.Max(order.WatermarkNs, order.Waiting.OldestNs);
            order.Waiting.Take(out var tsNs, out var releasedId, _row);
            if (order.Repeats(tsNs, _row))
            {
                context.Rows--;
                context.Duplicates++;
                continue;
            }

            Pass(order, new(device, tsNs, releasedId, context.Texts), _row);

            // One row after the other wholly, whether many go on at once or each by itself: rows of one time see no more of one another.
            Watermark(device, tsNs, inputId);
        }

        Watermark(device, Math.Max(order.WatermarkNs, AdvancedNs), inputId);
    }

    /// <summary>The order of one device: its watermark, the row passed on last, and the rows that wait.</summary>
    private sealed class DeviceOrder(int width)
    {
        private readonly double[] _last = new double[width];
        private long _lastNs = long.MinValue;

        public long WatermarkNs { get; set; } = long.MinValue;

        public long NewestNs { get; set; } = long.MinValue;

        public long LastInputId { get; private set; }

        public WaitingRows Waiting { get; } = new(width);

        // Compared as bits, so that a NULL repeats a NULL.
        public bool Repeats(long tsNs, ReadOnlySpan<double> row) => tsNs == _lastNs
            && MemoryMarshal.AsBytes(row).SequenceEqual(MemoryMarshal.AsBytes<double>(_last));

        public void Remember(long tsNs, long inputId, ReadOnlySpan<double> row)
        {
            _lastNs = tsNs;
            LastInputId = inputId;
            row.CopyTo(_last);
        }

        public void KeepTexts(TextPool texts, int[] slots)
        {
            Waiting.KeepTexts(texts, slots);
            foreach (var slot in HasLast ? slots : [])
            {
                texts.Keep(_last[slot]);
            }
        }

        public bool TryTranslate(TextPool texts, int[] slots)
        {
            foreach (var slot in HasLast ? slots : [])
            {
                if (!texts.TryTranslate(_last.AsSpan(slot, 1)))
                {
                    return false;
                }
            }

            return Waiting.TryTranslate(texts, slots);
        }

        // Of a device whose rows all wait still, none was passed on last.
        private bool HasLast => _lastNs != long.MinValue;

        public void Save(CheckpointWriter writer)
        {
            writer.Write([WatermarkNs, NewestNs, LastInputId, _lastNs]);
            writer.Write(_last);
            Waiting.Save(writer);
        }

        public static DeviceOrder Load(ref CheckpointReader reader, int width)
        {
            var order = new DeviceOrder(width)
            {
                WatermarkNs = reader.ReadInt64(),
                NewestNs = reader.ReadInt64(),
                LastInputId = reader.ReadInt64(),
                _lastNs = reader.ReadInt64(),
            };
            reader.Read(order._last);
            order.Waiting.Load(ref reader);
            return order;
        }
    }
}
