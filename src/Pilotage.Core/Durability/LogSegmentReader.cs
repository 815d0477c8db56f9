namespace Pilotage.Core.Durability;

/// <summary>Walks the blocks of one log file and finds the good frames in them, also around damage.</summary>
internal sealed class LogSegmentReader(IDurableFile file, LogSegment segment)
{
    private const int ScanBytes = 64 * 1024;

    // A payload could be full of things that look like frames, to make the search around damage quadratic.
    private const int SearchFactorMax = 64;

    private readonly long _length = file.Length;

    /// <summary>All stretches from a block's start on, without gap; a damaged one carries the best known bounds.</summary>
    public IEnumerable<LogRegion> Regions(long offset, long firstSequence)
    {
        var header = new byte[LogBlock.HeaderBytes];
        while (offset < _length)
        {
            var count = file.Read(offset, header);
            if (LogBlock.TryRead(header.AsSpan(0, count), segment.Salt, offset, out var block)
                && block.FirstSequence >= firstSequence)
            {
                var frames = offset + LogBlock.HeaderBytes;
                var end = Math.Min(frames + block.FrameBytes, _length);
                var isCut = frames + block.FrameBytes > _length;
                yield return new LogRegion(offset, frames, end, block.FirstSequence, block.Count, true, isCut);
                offset = end;
                firstSequence = block.FirstSequence + block.Count;
            }
            else
            {
                var end = FindHeader(offset + 1, firstSequence, out var nextSequence);
                var room = (end - offset) / LogBlock.FrameHeaderBytes;
                var most = Math.Min(room, nextSequence - firstSequence);
                var frames = Math.Min(offset + LogBlock.HeaderBytes, end);
                yield return new LogRegion(offset, frames, end, firstSequence, most, false, end == _length);
                offset = end;
                firstSequence = nextSequence == long.MaxValue ? firstSequence : nextSequence;
            }
        }
    }

    /// <summary>The bytes of a region's frames.</summary>
    public byte[] Load(LogRegion region)
    {
        var bytes = new byte[region.End - region.FramesOffset];
        var count = file.Read(region.FramesOffset, bytes);
        return count == bytes.Length ? bytes : bytes[..count];
    }

    /// <summary>The good frames among a region's bytes, in order of their sequence.</summary>
    public List<LogFrame> Frames(LogRegion region, ReadOnlySpan<byte> bytes)
    {
        var room = region.HeaderIsWhole ? (int)Math.Min(region.Count, bytes.Length / LogBlock.FrameHeaderBytes) : 0;
        var frames = new List<LogFrame>(room);
        var next = region.FirstSequence;
        var last = region.FirstSequence + region.Count - 1;
        var at = 0;
        var searchLeft = SearchFactorMax * (long)bytes.Length;
        while (at < bytes.Length && next <= last && searchLeft >= 0)
        {
            var plausible = LogBlock.TryPeekFrame(bytes[at..], out var sequence, out var length)
                && sequence >= next
                && sequence <= last;
            if (plausible && LogBlock.IsWhole(bytes[at..], segment.Salt, region.FramesOffset + at, sequence, length))
            {
                frames.Add(new LogFrame(sequence, at + LogBlock.FrameHeaderBytes, length));
                next = sequence + 1;
                at += LogBlock.FrameHeaderBytes + length;
            }
            else
            {
                // Slow path: damage. The next frame is looked for byte by byte.
                searchLeft -= plausible ? length : 0;
                at++;
            }
        }

        return frames;
    }

    private long FindHeader(long from, long sequenceMin, out long firstSequence)
    {
        var buffer = new byte[ScanBytes];
        while (from + LogBlock.HeaderBytes <= _length)
        {
            var window = buffer.AsSpan(0, file.Read(from, buffer));
            var at = 0;
            while (window.Length - at >= LogBlock.HeaderBytes)
            {
                var hit = window[at..].IndexOf(LogBlock.Magic);
                if (hit < 0 || window.Length - at - hit < LogBlock.HeaderBytes)
                {
                    break;
                }

                at += hit;
                if (LogBlock.TryRead(window[at..], segment.Salt, from + at, out var block)
                    && block.FirstSequence >= sequenceMin)
                {
                    firstSequence = block.FirstSequence;
                    return from + at;
                }

                at++;
            }

            // Windows overlap by one header less a byte, so that none is cut in two.
            from += Math.Max(window.Length - LogBlock.HeaderBytes + 1, 1);
        }

        firstSequence = long.MaxValue;
        return _length;
    }
}
