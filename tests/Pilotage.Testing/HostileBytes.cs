namespace Pilotage.Testing;

/// <summary>Good inputs of a format, mutated: bits flipped, bytes replaced, cut off, spliced, repeated, lengths that lie.</summary>
/// <param name="random">The same seed gives the same inputs.</param>
/// <param name="seeds">Good inputs.</param>
/// <param name="telling">Bytes that mean something in the format, which do more than any other.</param>
public sealed class HostileBytes(Random random, IReadOnlyList<byte[]> seeds, byte[] telling)
{
    private const int MutationsMax = 3;
    private const int GrowthMax = 40;

    // One for all of them, because a million are made: only what comes out is new.
    private readonly byte[] _bytes = new byte[seeds.Max(seed => seed.Length) + (MutationsMax * GrowthMax)];
    private int _length;

    /// <summary>The next one. One in four is a good one as it stands.</summary>
    public byte[] Next()
    {
        var seed = seeds[random.Next(seeds.Count)];
        seed.CopyTo(_bytes, 0);
        _length = seed.Length;
        for (var times = random.Next(MutationsMax + 1); times > 0 && _length > 0; times--)
        {
            Mutate(random.Next(_length));
        }

        return _bytes.AsSpan(0, _length).ToArray();
    }

    private void Mutate(int at)
    {
        switch (random.Next(7))
        {
            case 0:
                _bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                _bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                _length = at;
                break;
            case 3:
                var other = seeds[random.Next(seeds.Count)];
                var from = Math.Min(random.Next(20), other.Length);
                Insert(at, other.AsSpan(from, Math.Min(random.Next(GrowthMax), other.Length - from)), 1);
                break;
            case 4:
                Insert(at, _bytes.AsSpan(at, random.Next(Math.Min(8, _length - at) + 1)).ToArray(), random.Next(6));
                break;
            case 5:
                var gone = random.Next(Math.Min(4, _length - at) + 1);
                _bytes.AsSpan(at + gone, _length - at - gone).CopyTo(_bytes.AsSpan(at));
                _length -= gone;
                break;
            default:
                _bytes[at] = telling[random.Next(telling.Length)];
                break;
        }
    }

    private void Insert(int at, ReadOnlySpan<byte> part, int times)
    {
        var growth = part.Length * times;
        _bytes.AsSpan(at, _length - at).CopyTo(_bytes.AsSpan(at + growth));
        for (var i = 0; i < times; i++)
        {
            part.CopyTo(_bytes.AsSpan(at + (i * part.Length)));
        }

        _length += growth;
    }
}
