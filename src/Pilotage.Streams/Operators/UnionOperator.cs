using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.State;

namespace Pilotage.Streams.Operators;

/// <summary>UNION ALL: the rows of all inputs, those of a device in order of time, then of arrival.</summary>
/// <remarks>
/// Where every input passes a row of one table on at once they come in that order by themselves, and nothing waits. Else a row waits until
/// the watermark of every input has reached its time: the rows of a window come after its end, and those of another table when they come.
/// </remarks>
internal sealed class UnionOperator : MergingOperator
{
    private readonly RunContext _context;
    private readonly int _inputs;
    private readonly int[] _textSlots;
    private readonly PerDevice<Merged>? _states;
    private readonly double[] _row;

    public UnionOperator(UnionNode node, SourceOperator[][] sources, RunContext context)
        : base(sources)
    {
        (_context, _inputs, _textSlots) = (context, node.Inputs.Count, node.Schema.TextSlots);
        _states = node.IsPrompt ? null : new();
        _row = new double[node.Schema.Slots];
    }

    public override bool HasState => _states is not null;

    public override void Forget(int device) => _states?.Clear(device);

    public override void KeepTexts(TextPool texts)
    {
        for (var device = 0; device < _states?.Count; device++)
        {
            if (_states.TryGet(device, out var merged))
            {
                merged.Waiting.KeepTexts(texts, _textSlots);
            }
        }
    }

    public override void Save(CheckpointWriter writer)
    {
        if (_states is null)
        {
            return;
        }

        writer.Write(_states.Count);
        for (var device = 0; device < _states.Count; device++)
        {
            var known = _states.TryGet(device, out var merged);
            writer.Write(known ? 1 : 0);
            if (merged is not null)
            {
                writer.Write(merged.WatermarksNs);
                writer.Write(merged.ReachedNs);
                merged.Waiting.Save(writer);
            }
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

            var merged = new Merged(_inputs, _row.Length);
            reader.Read(merged.WatermarksNs);
            merged.ReachedNs = reader.ReadInt64();
            merged.Waiting.Load(ref reader);
            if (_states is null || !merged.Waiting.TryTranslate(_context.Texts, _textSlots))
            {
                return false;
            }

            _states.Set(device, merged);
        }

        return !reader.Failed && count <= _context.Devices.Places;
    }

    protected override void Push(int input, in RowHead head, ReadOnlySpan<double> row)
    {
        if (_states is null)
        {
            Emit(head, row);
            return;
        }

        var merged = Of(head.Device);
        if (head.TimeNs < merged.ReachedNs)
        {
            // Newer rows went on already: too many waited, or the device was not known to this table before.
            _context.Late++;
            return;
        }

        merged.Waiting.Add(head.TimeNs, head.InputId, row);
        while (merged.Waiting.Count > _context.Limits.ReorderRowsMax)
        {
            _context.ReleasedEarly++;
            merged.ReachedNs = Math.Max(merged.ReachedNs, merged.Waiting.OldestNs);
            Release(head.Device, merged);
        }
    }

    protected override void Watermark(int input, int device, long watermarkNs, long inputId)
    {
        if (_states is null)
        {
            // All inputs tell of one watermark after the other; what it says is so once the last of them has.
            if (input == _inputs - 1)
            {
                Reached(device, watermarkNs, inputId);
            }

            return;
        }

        var merged = Of(device);
        merged.WatermarksNs[input] = Math.Max(merged.WatermarksNs[input], watermarkNs);
        var reachedNs = long.MaxValue;
        for (var i = 0; i < _inputs; i++)
        {
            reachedNs = Counts(i, device) ? Math.Min(reachedNs, merged.WatermarksNs[i]) : reachedNs;
        }

        merged.ReachedNs = Math.Max(merged.ReachedNs, reachedNs);
        while (merged.Waiting.OldestNs <= reachedNs && merged.Waiting.Count > 0)
        {
            Release(device, merged);
        }

        Reached(device, merged.ReachedNs, inputId);
    }

    private void Release(int device, Merged merged)
    {
        merged.Waiting.Take(out var timeNs, out var inputId, _row);
        Emit(new(device, timeNs, inputId, _context.Texts), _row);
    }

    private Merged Of(int device)
    {
        if (!_states!.TryGet(device, out var merged))
        {
            merged = new(_inputs, _row.Length);
            _states.Set(device, merged);
        }

        return merged;
    }

    /// <summary>What one device has in the inputs: how far each is, how far rows went on, and those that wait.</summary>
    private sealed class Merged
    {
        public Merged(int inputs, int width)
        {
            WatermarksNs = new long[inputs];
            Array.Fill(WatermarksNs, long.MinValue);
            Waiting = new(width);
        }

        public long[] WatermarksNs { get; }

        public long ReachedNs { get; set; } = long.MinValue;

        public WaitingRows Waiting { get; }
    }
}
