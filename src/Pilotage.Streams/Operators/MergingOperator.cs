using System.Diagnostics;
using Pilotage.Streams.Expressions;

namespace Pilotage.Streams.Operators;

/// <summary>A step that reads several others and tells their rows apart by the place of the input.</summary>
internal abstract class MergingOperator(SourceOperator[][] sources) : Operator
{
    private int _completed;

    public override Operator Port(int input) => new InputPort(this, input);

    public sealed override void Push(in RowHead head, ReadOnlySpan<double> row) => throw new UnreachableException();

    public sealed override void Watermark(int device, long watermarkNs, long inputId) => throw new UnreachableException();

    /// <summary>Only when no input has anything more is there nothing more to come from here.</summary>
    public sealed override void Complete()
    {
        _completed++;
        if (_completed == sources.Length)
        {
            base.Complete();
        }
    }

    protected abstract void Push(int input, in RowHead head, ReadOnlySpan<double> row);

    protected abstract void Watermark(int input, int device, long watermarkNs, long inputId);

    /// <summary>Tells the readers of this step that no older row of the device will come.</summary>
    protected void Reached(int device, long watermarkNs, long inputId) => base.Watermark(device, watermarkNs, inputId);

    /// <summary>Whether rows of a device may come from an input: nobody waits for a table in which the device was never seen.</summary>
    protected bool Counts(int input, int device)
    {
        foreach (var source in sources[input])
        {
            if (source.Knows(device))
            {
                return true;
            }
        }

        return false;
    }

    private sealed class InputPort(MergingOperator reader, int input) : Operator
    {
        public override void Push(in RowHead head, ReadOnlySpan<double> row) => reader.Push(input, head, row);

        public override void Watermark(int device, long watermarkNs, long inputId) => reader.Watermark(input, device, watermarkNs, inputId);

        public override void Complete() => reader.Complete();
    }
}
