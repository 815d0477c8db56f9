namespace Pilotage.Broker.Connections;

/// <summary>A piece of what waits to be sent; written at its end while its front is on its way.</summary>
internal sealed class ByteChunk(byte[] bytes)
{
    public byte[] Bytes { get; } = bytes;

    public int Start { get; set; }

    public int End { get; set; }

    /// <summary>Packets that end in it.</summary>
    public int Packets { get; set; }

    public ByteChunk? Next { get; set; }

    public int Free => Bytes.Length - End;
}

/// <summary>
/// Chunks to be used again, in two sizes: most connections send an ack at a time, a few carry everything.
/// </summary>
internal static class ByteChunks
{
    private const int SmallBytes = 512;
    private const int LargeBytes = 32 * 1024;
    private const int AtHandMax = 64;
    private static readonly Shelf Small = new(SmallBytes, 4096);
    private static readonly Shelf Large = new(LargeBytes, 256);

    // Small ones of the thread's own: a loop takes and returns one for nearly every packet.
    [ThreadStatic]
    private static ByteChunk? t_atHand;

    [ThreadStatic]
    private static int t_atHandCount;

    /// <summary>A chunk with room for that many bytes, small ones preferred.</summary>
    public static ByteChunk Rent(int bytes) => bytes switch
    {
        <= SmallBytes => TakeAtHand() ?? Small.Rent(),
        <= LargeBytes => Large.Rent(),
        _ => new(GC.AllocateUninitializedArray<byte>(bytes)),
    };

    /// <summary>Whoever returns a chunk must not look at it again.</summary>
    public static void Return(ByteChunk chunk)
    {
        (chunk.Start, chunk.End, chunk.Packets, chunk.Next) = (0, 0, 0, null);
        switch (chunk.Bytes.Length)
        {
            case SmallBytes when t_atHandCount < AtHandMax:
                chunk.Next = t_atHand;
                t_atHand = chunk;
                t_atHandCount++;
                break;
            case SmallBytes:
                Small.Return(chunk);
                break;
            case LargeBytes:
                Large.Return(chunk);
                break;
            default:
                // One packet larger than all others was in it: let it go.
                break;
        }
    }

    private static ByteChunk? TakeAtHand()
    {
        if (t_atHand is not { } chunk)
        {
            return null;
        }

        t_atHand = chunk.Next;
        t_atHandCount--;
        chunk.Next = null;
        return chunk;
    }

    private sealed class Shelf(int bytes, int most)
    {
        private readonly Lock _gate = new();
        private readonly Stack<ByteChunk> _chunks = new();

        public ByteChunk Rent()
        {
            lock (_gate)
            {
                if (_chunks.TryPop(out var chunk))
                {
                    return chunk;
                }
            }

            return new(GC.AllocateUninitializedArray<byte>(bytes));
        }

        public void Return(ByteChunk chunk)
        {
            lock (_gate)
            {
                if (_chunks.Count < most)
                {
                    _chunks.Push(chunk);
                }
            }
        }
    }
}
