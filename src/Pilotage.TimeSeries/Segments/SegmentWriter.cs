using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>Writes one segment: blocks as they come, then the footer. Nothing refers to the file until it is finished.</summary>
internal sealed class SegmentWriter
{
    private const int GatheredBytes = 256 * 1024;
    private readonly IDurableDirectory _directory;
    private readonly IDurableFile _file;
    private readonly SegmentFile _segment;
    private readonly BlockWriter _writer = new();
    private readonly BytesWriter _block = new();
    private readonly BytesWriter _gathered = new();
    private readonly List<BlockRef> _blocks = [];
    private long _offset;

    public SegmentWriter(IDurableDirectory directory, long id, DamageTally damages, BlockCache cache)
    {
        _directory = directory;
        _file = directory.Open(SegmentFile.NameOf(id), DurableOpen.CreateNew);
        _segment = new SegmentFile(_file, id, damages, cache);
    }

    /// <summary>Adds rows as blocks, in order of time.</summary>
    public void Add(RowSpan rows, int blockRowsMax)
    {
        var sorted = rows.InOrderOfTime();
        for (var start = 0; start < sorted.Count;)
        {
            var count = RowBlock.RowsThatFit(sorted, start, blockRowsMax);
            var bytes = _writer.Write(_block, sorted, start, count, _offset, _segment.Id);
            var (firstArrival, lastArrival) = RowSpan.Bounds(sorted.Arrivals.AsSpan(start, count));
            _blocks.Add(new BlockRef(
                _segment,
                _offset,
                bytes.Length,
                _writer.HeadBytes,
                sorted.Shape,
                count,
                sorted.Times[start],
                sorted.Times[start + count - 1],
                firstArrival,
                lastArrival));
            Put(bytes);
            start += count;
        }
    }

    /// <summary>Ends the file and makes it durable.</summary>
    public SegmentFile Finish(
        long lastSequence,
        long nextArrival,
        IReadOnlyDictionary<(string Edge, string LogId), long> marks,
        IEnumerable<(Shape Shape, SeriesSnapshot[] States)> shapes)
    {
        var footer = new SegmentFooter { LastSequence = lastSequence, NextArrival = nextArrival, Marks = marks, Blocks = _blocks }.Write(shapes);
        Put(footer);
        Put(SegmentFile.Trailer(footer, _segment.Id));
        Flush();
        _file.Sync();
        _directory.Sync();
        _segment.Has(_blocks, isWhole: true);
        return _segment;
    }

    /// <summary>Removes what was written, which gives back its space; no manifest names it.</summary>
    public void Abandon()
    {
        _file.Dispose();
        _directory.Delete(_segment.FileName);
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _gathered.Bytes(bytes);
        _offset += bytes.Length;
        if (_gathered.Length >= GatheredBytes)
        {
            Flush();
        }
    }

    private void Flush()
    {
        _file.Write(_offset - _gathered.Length, _gathered.Written);
        _gathered.Clear();
    }
}
