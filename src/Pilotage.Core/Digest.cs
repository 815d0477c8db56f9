using System.Buffers;
using System.Security.Cryptography;

namespace Pilotage.Core;

/// <summary>A SHA-256 content address, written <c>sha256:&lt;64 lower-case hex digits&gt;</c>.</summary>
public readonly record struct Digest : IComparable<Digest>
{
    private const string Prefix = "sha256:";
    private const int HexLength = 64;
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private readonly string? _hex;

    private Digest(string hex) => _hex = hex;

    /// <summary>The 64 hex digits alone, as used for file names.</summary>
    public string Hex => _hex ?? new string('0', HexLength);

    /// <summary>Digests bytes.</summary>
    public static Digest Of(ReadOnlySpan<byte> content) => new(Convert.ToHexStringLower(SHA256.HashData(content)));

    /// <summary>Digests a stream to its end.</summary>
    public static async ValueTask<Digest> OfAsync(Stream content, CancellationToken cancellation) =>
        new(Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellation)));

    /// <summary>Wraps a hash somebody computed piece by piece.</summary>
    public static Digest FromHash(ReadOnlySpan<byte> sha256)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(sha256.Length, SHA256.HashSizeInBytes);
        return new(Convert.ToHexStringLower(sha256));
    }

    /// <summary>Reads the written form; anything else, upper case included, is refused.</summary>
    public static bool TryParse(string? text, out Digest digest)
    {
        digest = default;
        if (text is null || text.Length != Prefix.Length + HexLength || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var hex = text[Prefix.Length..];
        if (hex.AsSpan().ContainsAnyExcept(HexDigits))
        {
            return false;
        }

        digest = new(hex);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(Digest other) => string.CompareOrdinal(Hex, other.Hex);

    /// <inheritdoc/>
    public override string ToString() => Prefix + Hex;

    public static bool operator <(Digest left, Digest right) => left.CompareTo(right) < 0;

    public static bool operator >(Digest left, Digest right) => left.CompareTo(right) > 0;

    public static bool operator <=(Digest left, Digest right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Digest left, Digest right) => left.CompareTo(right) >= 0;
}
