using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Pilotage.Trust;

/// <summary>An append-only sequence in which every entry carries the digest of the one before it.</summary>
/// <remarks>
/// link(i) = SHA-256("pilotage.chain/1" | link(i-1) | i | SHA-256(entry)); link(-1) is the digest of the chain's name, so
/// entries cannot move between chains. Editing, deleting or reordering any entry changes every later link; cutting off
/// the tail is seen by whoever remembers a later head. The owner stores entries and links; this class holds the head.
/// </remarks>
public sealed class HashChain
{
    private static readonly byte[] Domain = "pilotage.chain/1"u8.ToArray();

    /// <summary>Starts an empty chain with a name of its own.</summary>
    public HashChain(string name)
    {
        Head = Genesis(name);
    }

    private HashChain(long count, Digest head)
    {
        Count = count;
        Head = head;
    }

    /// <summary>The link of the last entry, or the digest of the name while there is none.</summary>
    public Digest Head { get; private set; }

    /// <summary>How many entries there are; also the index of the next one.</summary>
    public long Count { get; private set; }

    /// <summary>Carries on after entries that are already stored.</summary>
    public static HashChain Resume(long count, Digest head) => new(count, head);

    /// <summary>What stands before the first entry.</summary>
    public static Digest Genesis(string name) => Digest.Of(Encoding.UTF8.GetBytes("pilotage.chain/1 " + name));

    /// <summary>The link of an entry.</summary>
    public static Digest Link(Digest previous, long index, ReadOnlySpan<byte> entry)
    {
        Span<byte> input = stackalloc byte[Domain.Length + (2 * SHA256.HashSizeInBytes) + sizeof(long)];
        Domain.CopyTo(input);
        var rest = input[Domain.Length..];
        Convert.FromHexString(previous.Hex).CopyTo(rest);
        BinaryPrimitives.WriteInt64BigEndian(rest[SHA256.HashSizeInBytes..], index);
        SHA256.HashData(entry, rest[(SHA256.HashSizeInBytes + sizeof(long))..]);
        return Digest.Of(input);
    }

    /// <summary>Adds an entry and returns its link, which the caller stores with the entry.</summary>
    public Digest Append(ReadOnlySpan<byte> entry)
    {
        Head = Link(Head, Count, entry);
        Count++;
        return Head;
    }

    /// <summary>Walks stored entries with their stored links; the refusal names the first index that does not fit.</summary>
    public static Outcome<HashChain> Verify(string name, IEnumerable<(ReadOnlyMemory<byte> Entry, Digest Link)> stored)
    {
        var chain = new HashChain(name);
        foreach (var (entry, link) in stored)
        {
            var index = chain.Count;
            if (chain.Append(entry.Span) != link)
            {
                return new Refusal(
                    "trust.chain_broken",
                    $"Entry {index} of the chain \"{name}\" was edited, removed or moved: its link does not follow from the one before.");
            }
        }

        return chain;
    }
}
