using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;
using Pilotage.Streams.State;
using Pilotage.Streams.Windows;

namespace Pilotage.Streams.Operators;

/// <summary>A join as of a time: each row of the first input with the newest row of its device in the second that is not newer than it.</summary>
/// <remarks>
/// A row waits until the watermark of the second input has reached its time, so that nothing older can come there. A row of that very time
/// counts if it came before, or with it: rows of one table are told one after the other. Of the second input those rows are kept that a row
/// still to come, or one that waits, may be joined with.
/// </remarks>
internal sealed class AsOfOperator : MergingOperator
{
    private const int Asking = 0;
    private const int Asked = 1;
    private readonly AsOfNode _node;
    private readonly RunContext _context;
    private readonly int[] _askingTexts;
    private readonly int[] _askedTexts;
    private readonly int _askingSlots;
    private readonly int _askedSlots;
    private readonly PerDevice<Versions> _states = new();
    private readonly double[] _asking;
    private readonly double[] _row;

    public AsOfOperator(AsOfNode node, SourceOperator[][] sources, RunContext context)
        : base(sources)
    {
        (_node, _context) = (node, context);
        var (asking, asked) = (node.Inputs[Asking].Schema, node.Inputs[Asked].Schema);
        (_askingTexts, _askedTexts) = (asking.TextSlots, asked.TextSlots);
        (_askingSlots, _askedSlots) = (asking.Slots, asked.Slots);
        _asking = new double[_askingSlots];
        _row = new double[node.Schema.Slots];
    }

    public override bool HasState => true;

    public override void Forget(int device) => _states.Clear(device);

    public override void KeepTexts(TextPool texts)
    {
        for (var device = 0; device < _states.Count; device++)
        {
            if (_states.TryGet(device, out var versions))
            {
                versions.Waiting.KeepTexts(texts, _askingTexts);
                versions.Rows.KeepTexts(texts, _askedTexts);
            }
        }
    }

    public override void Save(CheckpointWriter writer)
    {
        writer.Write(_states.Count);
        for (var device = 0; device < _states.Count; device++)
        {
            var known = _states.TryGet(device, out var versions);
            writer.Write(known ? 1 : 0);
            if (versions is not null)
            {
                writer.Write([versions.AskingNs, versions.AskedNs, versions.ReachedNs]);
                versions.Waiting.Save(writer);
                versions.Rows.Save(writer);
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

            var versions = new Versions(_askingSlots, _askedSlots)
            {
                AskingNs = reader.ReadInt64(),
                AskedNs = reader.ReadInt64(),
                ReachedNs = reader.ReadInt64(),
            };
            versions.Waiting.Load(ref reader);
            if (!versions.Rows.Load(ref reader, _context.Limits.WindowRowsMax)
                || !versions.Waiting.TryTranslate(_context.Texts, _askingTexts) || !versions.Rows.TryTranslate(_context.Texts, _askedTexts))
            {
                return false;
            }

            _states.Set(device, versions);
        }

        return !reader.Failed && count <= _context.Devices.Places;
    }

    protected override void Push(int input, in RowHead head, ReadOnlySpan<double> row)
    {
        var versions = Of(head.Device);
        if (input == Asking)
        {
            versions.Waiting.Add(head.TimeNs, head.InputId, row);
            while (versions.Waiting.Count > _context.Limits.ReorderRowsMax)
            {
                _context.ReleasedEarly++;
                Answer(head.Device, versions);
            }

            return;
        }

        versions.Rows.Append(head.TimeNs);
        for (var slot = 0; slot < _askedSlots; slot++)
        {
            versions.Rows.Set(slot, row[slot]);
        }

        var tooMany = Math.Max(0, versions.Rows.Count - _context.Limits.WindowRowsMax);
        versions.Rows.DropOldest(tooMany);
        _context.WindowRowsDropped += tooMany;
    }

    protected override void Watermark(int input, int device, long watermarkNs, long inputId)
    {
        var versions = Of(device);
        if (input == Asking)
        {
            versions.AskingNs = Math.Max(versions.AskingNs, watermarkNs);
        }
        else
        {
            versions.AskedNs = Math.Max(versions.AskedNs, watermarkNs);
        }

        var completeNs = Counts(Asked, device) ? versions.AskedNs : long.MaxValue;
        while (versions.Waiting.Count > 0 && versions.Waiting.OldestNs <= completeNs)
        {
            Answer(device, versions);
        }

        DropUnasked(versions);
        versions.ReachedNs = Math.Max(versions.ReachedNs, Math.Min(completeNs, versions.AskingNs));
        Reached(device, versions.ReachedNs, inputId);
    }

    private void Answer(int device, Versions versions)
    {
        versions.Waiting.Take(out var timeNs, out var inputId, _asking);
        var found = versions.Rows.Before(timeNs + 1) - 1;
        if (found >= 0 && versions.Rows.Times[found] < timeNs - _node.AgeNs)
        {
            found = -1;
        }

        if (found < 0 && !_node.IsLeft)
        {
            return;
        }

        _asking.CopyTo(_row, 0);
        for (var slot = 0; slot < _askedSlots; slot++)
        {
            _row[_askingSlots + slot] = found < 0 ? Scalar.Null : versions.Rows.Column(slot)[found];
        }

        _row[^1] = found < 0 ? Scalar.Null : Scalar.FromTime(versions.Rows.Times[found]);
        Emit(new(device, timeNs, inputId, _context.Texts), _row);
    }

    /// <summary>Rows that have a newer one before anything that may still ask, or that are too old for it.</summary>
    private void DropUnasked(Versions versions)
    {
        var askingNs = Math.Min(versions.AskingNs, versions.Waiting.OldestNs);
        var replaced = askingNs == long.MaxValue ? versions.Rows.Count - 1 : versions.Rows.Before(askingNs + 1) - 1;
        var tooOld = askingNs > long.MinValue + _node.AgeNs ? versions.Rows.Before(askingNs - _node.AgeNs) : 0;
        versions.Rows.DropOldest(Math.Max(0, Math.Max(replaced, tooOld)));
    }

    private Versions Of(int device)
    {
        if (!_states.TryGet(device, out var versions))
        {
            versions = new(_askingSlots, _askedSlots);
            _states.Set(device, versions);
        }

        return versions;
    }

    /// <summary>What one device has in both inputs: how far they are, who waits for an answer, and the rows that answer.</summary>
    private sealed class Versions(int askingSlots, int askedSlots)
    {
        public long AskingNs { get; set; } = long.MinValue;

        public long AskedNs { get; set; } = long.MinValue;

        public long ReachedNs { get; set; } = long.MinValue;

        public WaitingRows Waiting { get; } = new(askingSlots);

        public SlidingBuffer Rows { get; } = new(askedSlots, timed: true);
    }
}
