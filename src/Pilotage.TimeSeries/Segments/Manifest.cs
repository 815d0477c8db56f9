using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>Which segments make up the store, and how far the log has gone into them; replaced whole, by rename.</summary>
internal sealed record Manifest
{
    public const string FileName = "manifest";
    private const byte WithoutTombstones = 1;
    private const byte Version = 2;
    private const int CrcBytes = 4;

    public static Manifest Empty { get; } = new();

    public IReadOnlyList<long> Segments { get; init; } = [];

    /// <summary>Records of the log up to here are in the segments.</summary>
    public long LastSequence { get; init; }

    public long NextArrival { get; init; } = 1;

    public IReadOnlyDictionary<(string Edge, string LogId), long> Marks { get; init; } =
        new Dictionary<(string, string), long>();

    /// <summary>What was deleted and may still stand in a segment.</summary>
    public IReadOnlyList<Tombstone> Tombstones { get; init; } = [];

    public long NextTombstone { get; init; } = 1;

    public void Save(IDurableDirectory directory)
    {
        var writer = new BytesWriter();
        writer.Byte(Version);
        writer.Int64(LastSequence);
        writer.Int64(NextArrival);
        writer.VarInt((ulong)Segments.Count);
        foreach (var segment in Segments)
        {
            writer.Int64(segment);
        }

        SegmentFooter.WriteMarks(writer, Marks);
        writer.VarInt((ulong)NextTombstone);
        Tombstone.Write(writer, Tombstones);
        writer.UInt32(Crc32C.Of(writer.Written));
        AtomicFile.Write(directory, FileName, writer.Written);
    }

    /// <summary>Reads the manifest; an empty one where there is none yet, null when it is damaged.</summary>
    public static Manifest? Load(IDurableDirectory directory)
    {
        if (AtomicFile.Read(directory, FileName) is not { } bytes)
        {
            return Empty;
        }

        if (bytes.Length < CrcBytes || new BytesReader(bytes.AsSpan(^CrcBytes..)).UInt32() != Crc32C.Of(bytes.AsSpan(..^CrcBytes)))
        {
            return null;
        }

        var reader = new BytesReader(bytes);
        var version = reader.Byte();
        if (version is not (WithoutTombstones or Version))
        {
            return null;
        }

        var lastSequence = reader.Int64();
        var nextArrival = reader.Int64();
        var segments = new long[reader.Count(8)];
        for (var i = 0; i < segments.Length; i++)
        {
            segments[i] = reader.Int64();
        }

        var marks = SegmentFooter.ReadMarks(ref reader);
        var manifest = new Manifest { LastSequence = lastSequence, NextArrival = nextArrival, Segments = segments, Marks = marks };
        return version == WithoutTombstones
            ? manifest
            : manifest with { NextTombstone = (long)reader.VarInt(), Tombstones = Tombstone.Read(ref reader) };
    }
}
