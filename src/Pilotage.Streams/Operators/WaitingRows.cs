using Pilotage.Streams.Expressions;
using Pilotage.Streams.State;

namespace Pilotage.Streams.Operators;

/// <summary>Rows of one device that wait until their time has come: the oldest first, those of one time in order of arrival.</summary>
internal sealed class WaitingRows(int width)
{
    private readonly PriorityQueue<Waiting, (long TimeNs, long Arrival)> _rows = new();
    private readonly Stack<double[]> _spare = new();
    private long _arrivals;

    public int Count => _rows.Count;

    public long OldestNs => _rows.TryPeek(out _, out var key) ? key.TimeNs : long.MaxValue;

    /// <summary>The values of all rows, in no order.</summary>
    public IEnumerable<double[]> Values => _rows.UnorderedItems.Select(item => item.Element.Row);

    public void Add(long timeNs, long inputId, ReadOnlySpan<double> row)
    {
        var held = _spare.TryPop(out var spare) ? spare : new double[width];
        row.CopyTo(held);
        _rows.Enqueue(new(held, inputId), (timeNs, _arrivals++));
    }

    /// <summary>Takes the oldest row; there must be one.</summary>
    public void Take(out long timeNs, out long inputId, Span<double> into)
    {
        _rows.TryDequeue(out var held, out var key);
        (timeNs, inputId) = (key.TimeNs, held.InputId);
        held.Row.CopyTo(into);
        _spare.Push(held.Row);
    }

    public void KeepTexts(TextPool texts, ReadOnlySpan<int> slots)
    {
        foreach (var row in Values)
        {
            foreach (var slot in slots)
            {
                texts.Keep(row[slot]);
            }
        }
    }

    /// <summary>Gives texts of a checkpoint the numbers of this run; false where one is not there.</summary>
    public bool TryTranslate(TextPool texts, ReadOnlySpan<int> slots)
    {
        foreach (var row in Values)
        {
            foreach (var slot in slots)
            {
                if (!texts.TryTranslate(row.AsSpan(slot, 1)))
                {
                    return false;
                }
            }
        }

        return true;
    }

    public void Save(CheckpointWriter writer)
    {
        writer.Write(_rows.Count);
        foreach (var (held, key) in _rows.UnorderedItems.OrderBy(item => item.Priority))
        {
            writer.Write([key.TimeNs, held.InputId]);
            writer.Write(held.Row);
        }
    }

    /// <summary>Takes saved rows into an empty one.</summary>
    public void Load(ref CheckpointReader reader)
    {
        var row = new double[width];
        for (var left = reader.ReadCount((2 * sizeof(long)) + (width * sizeof(double))); left > 0 && !reader.Failed; left--)
        {
            var timeNs = reader.ReadInt64();
            var inputId = reader.ReadInt64();
            reader.Read(row);
            Add(timeNs, inputId, row);
        }
    }

    private readonly record struct Waiting(double[] Row, long InputId);
}
