using Pilotage.Streams.Expressions;
using Pilotage.Streams.State;

namespace Pilotage.Streams.Operators;

/// <summary>One step of a running pipeline. Rows of a device come in order of time; a row's span is valid during the
/// call.</summary>
internal abstract class Operator
{
    /// <summary>A watermark from here on is the end of all rows: a second before the last time there is, for windows take a millisecond off on its way.</summary>
    public const long EndNs = Dataflow.LatestNs - 1_000_000_000;

    private Operator[] _next = [];

    /// <summary>Rows that it passed on so far.</summary>
    public long Emitted { get; private set; }

    /// <summary>Whether a watermark changes anything here or behind.</summary>
    public bool HearsWatermarks => UsesWatermarks || Array.Exists(_next, next => next.HearsWatermarks);

    /// <summary>Whether a watermark changes anything here.</summary>
    protected virtual bool UsesWatermarks => true;

    /// <summary>Whether there is anything to save.</summary>
    public virtual bool HasState => false;

    public void AddNext(Operator next)
    {
        if (next is IGated && _next is [.., Fan fan])
        {
            fan.Add(next);
            return;
        }

        _next = [.. _next, next];
        if (_next.Length >= Fan.RulesFrom && Array.TrueForAll(_next[^Fan.RulesFrom..], rule => rule is IGated))
        {
            _next = [.. _next[..^Fan.RulesFrom], new Fan(_next[^Fan.RulesFrom..])];
        }
    }

    /// <summary>What one of its inputs passes rows to; itself where it reads but one.</summary>
    public virtual Operator Port(int input) => this;

    public abstract void Push(in RowHead head, ReadOnlySpan<double> row);

    /// <summary>No row of this device older than the watermark will come any more.</summary>
    public virtual void Watermark(int device, long watermarkNs, long inputId)
    {
        foreach (var next in _next)
        {
            next.Watermark(device, watermarkNs, inputId);
        }
    }

    /// <summary>No row will come any more: what waits for the end goes on.</summary>
    public virtual void Complete()
    {
        foreach (var next in _next)
        {
            next.Complete();
        }
    }

    /// <summary>Drops what is kept for a device; its index may come again for another one.</summary>
    public virtual void Forget(int device)
    {
    }

    /// <summary>Says which texts it keeps; all others may go.</summary>
    public virtual void KeepTexts(TextPool texts)
    {
    }

    public virtual void Save(CheckpointWriter writer)
    {
    }

    /// <summary>Takes saved state; false when it is not what this operator saves.</summary>
    public virtual bool Load(ref CheckpointReader reader) => true;

    protected void Emit(in RowHead head, ReadOnlySpan<double> row)
    {
        Emitted++;
        foreach (var next in _next)
        {
            next.Push(head, row);
        }
    }
}
