using System.Runtime.InteropServices;

namespace Pilotage.Protocols.LineProtocol;

/// <summary>What lines read so far have taught: senders repeat their series and keys from line to line and from body to body. Used by one reader at a time.</summary>
public sealed class LineMemory
{
    internal const int NamesMax = 4_096;
    private const int SeriesMax = 32_768;
    private const int KeysMax = 262_144;
    private readonly Dictionary<ulong, KnownSeries> _series = [];
    private int _keys;
    private KnownKeys? _noted;

    /// <summary>Whether it has room for nothing more, some 20 MB; what it knows it goes on knowing.</summary>
    public bool IsFull => _series.Count >= SeriesMax || _keys >= KeysMax;

    /// <summary>Names of fields, tags and measurements, each a string once.</summary>
    internal HashSet<string> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>The series that begins with these bytes; null where it is not known.</summary>
    internal KnownSeries? Find(ulong hash, ReadOnlySpan<byte> bytes) =>
        _series.TryGetValue(hash, out var known) && bytes.SequenceEqual(known.Bytes) ? known : null;

    /// <summary>Takes note of a series. Two with one hash: the first is known, the other read each time.</summary>
    internal KnownSeries? Learn(ulong hash, ReadOnlySpan<byte> bytes, LineSeries series)
    {
        if (IsFull)
        {
            return null;
        }

        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_series, hash, out var isThere);
        return isThere ? null : known = new KnownSeries(bytes.ToArray(), series);
    }

    /// <summary>Takes note of the keys of a line of a series; many series have the same.</summary>
    internal void Note(KnownSeries? known, KnownKeys keys)
    {
        if (known is null || ReferenceEquals(known.Keys, keys))
        {
            return;
        }

        if (!ReferenceEquals(_noted, keys))
        {
            if (IsFull)
            {
                return;
            }

            _keys += keys.Keys.Length;
            _noted = keys;
        }

        known.Keys = keys;
    }

    /// <summary>A series, the bytes it is written with, and the keys of its last line.</summary>
    internal sealed class KnownSeries(byte[] bytes, LineSeries series)
    {
        public byte[] Bytes => bytes;

        public LineSeries Series => series;

        public KnownKeys? Keys { get; set; }
    }

    /// <summary>The keys of a line, and how each is written, with the = behind it; empty where something in it is escaped.</summary>
    internal sealed record KnownKeys(string[] Keys, byte[][] Written)
    {
        public static KnownKeys None { get; } = new([], []);
    }
}
