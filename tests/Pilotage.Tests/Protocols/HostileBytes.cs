namespace Pilotage.Tests.Protocols;

/// <summary>Good inputs of a format, mutated: bits flipped, bytes replaced, cut off, spliced, repeated, lengths that lie.</summary>
internal sealed class HostileBytes(Random random, IReadOnlyList<byte[]> seeds, byte[] telling)
{
    private const int GrowthMax = 400;

    /// <summary>The next one; the same seed gives the same inputs. One in four is a good one as it stands.</summary>
    public byte[] Next()
    {
        var bytes = seeds[random.Next(seeds.Count)].ToList();
        for (var times = random.Next(4); times > 0 && bytes.Count > 0; times--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    bytes.InsertRange(at, seeds[random.Next(seeds.Count)].Skip(random.Next(20)).Take(random.Next(40)));
                    break;
                case 4:
                    bytes.InsertRange(at, Enumerable.Repeat(bytes.GetRange(at, random.Next(Math.Min(8, bytes.Count - at) + 1)), random.Next(6)).SelectMany(part => part).Take(GrowthMax));
                    break;
                case 5:
                    bytes.RemoveRange(at, random.Next(Math.Min(4, bytes.Count - at) + 1));
                    break;
                default:
                    // Bytes that mean something in the format do more than any other.
                    bytes[at] = telling[random.Next(telling.Length)];
                    break;
            }
        }

        return [.. bytes];
    }
}
