namespace Pilotage.Testing;

/// <summary>The content of a simulated file: as read now, as on the platter, and the steps between.</summary>
internal sealed class SimulatedInode
{
    private readonly List<(long Offset, byte[] Bytes)> _writes = [];
    private readonly List<long> _lengths = [];
    private byte[] _platter = [];
    private byte[] _current = new byte[256];
    private int _length;

    public byte[] Current => _current[.._length];

    public int Length => _length;

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        SetLength((int)Math.Max(_length, offset + bytes.Length));
        bytes.CopyTo(_current.AsSpan((int)offset));
        _writes.Add((offset, bytes.ToArray()));
        _lengths.Add(_length);
    }

    public int Read(long offset, Span<byte> into)
    {
        var count = (int)Math.Clamp(_length - offset, 0, into.Length);
        _current.AsSpan((int)Math.Min(offset, _length), count).CopyTo(into);
        return count;
    }

    public void Truncate(long length)
    {
        SetLength((int)length);
        _lengths.Add(length);
    }

    public void Sync()
    {
        Grow(ref _platter, _length);
        foreach (var (offset, bytes) in _writes)
        {
            var count = (int)Math.Clamp(_length - offset, 0, bytes.Length);
            bytes.AsSpan(0, count).CopyTo(_platter.AsSpan((int)Math.Min(offset, _length)));
        }

        Forget();
    }

    /// <summary>What a failed sync does: the bytes stay readable, are held for clean, and never reach the platter.</summary>
    public void LoseUnsynced() => Forget();

    public void Cut(Random random)
    {
        // Whole classes of outcomes first, or the extremes would hardly ever come up.
        var chance = random.Next(4) switch { 0 => 0.0, 1 => 1.0, _ => random.NextDouble() };
        var length = _lengths.Count > 0 && random.NextDouble() < chance
            ? (int)_lengths[random.Next(_lengths.Count)]
            : _platter.Length;
        var survived = _platter;
        Grow(ref survived, length);
        foreach (var (offset, bytes) in _writes)
        {
            for (var at = offset; at < offset + bytes.Length;)
            {
                var end = Math.Min((at / SimulatedDisk.SectorBytes + 1) * SimulatedDisk.SectorBytes, offset + bytes.Length);
                if (random.NextDouble() < chance && at < length)
                {
                    var count = (int)(Math.Min(end, length) - at);
                    bytes.AsSpan((int)(at - offset), count).CopyTo(survived.AsSpan((int)at));
                }

                at = end;
            }
        }

        Replace(survived);
    }

    public void Replace(byte[] bytes)
    {
        _platter = bytes;
        _current = bytes.ToArray();
        _length = bytes.Length;
        Forget();
    }

    private void Forget()
    {
        _writes.Clear();
        _lengths.Clear();
    }

    private void SetLength(int length)
    {
        if (length > _current.Length)
        {
            Array.Resize(ref _current, Math.Max(length, 2 * _current.Length));
        }

        if (length < _length)
        {
            _current.AsSpan(length, _length - length).Clear();
        }

        _length = length;
    }

    private static void Grow(ref byte[] bytes, int length)
    {
        if (bytes.Length != length)
        {
            Array.Resize(ref bytes, length);
        }
    }
}
