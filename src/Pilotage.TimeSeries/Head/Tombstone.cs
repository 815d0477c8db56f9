using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries.Head;

/// <summary>Says that points of a device are deleted: those of some times that had arrived by then.</summary>
/// <remarks>
/// It hides them at once, in memory and in segments; they are gone when the segment they are in is written anew. What
/// arrives later at the same times is new.
/// </remarks>
/// <param name="Id">Rises with each; a segment knows up to which one it is without what was deleted.</param>
/// <param name="Deletion">What was asked for.</param>
/// <param name="Arrival">The first arrival that it does not concern.</param>
internal sealed record Tombstone(long Id, Deletion Deletion, long Arrival)
{
    // Id and arrival, a byte each at least.
    private const int BytesMin = DeletionCodec.BytesMin + 2;

    public long FromNs => Deletion.FromNs;

    public long ToNs => Deletion.ToNs;

    /// <summary>Whether it may hide rows of a block.</summary>
    public bool Touches(BlockRef block) =>
        Id > block.Segment.PurgedTo && FromNs <= block.LastNs && ToNs >= block.FirstNs && block.FirstArrival < Arrival && Touches(block.Shape);

    /// <summary>Whether it may hide rows that are in memory.</summary>
    public bool Touches(RowSpan rows)
    {
        var (first, last) = rows.Span;
        return FromNs <= last && ToNs >= first && rows.Arrivals[0] < Arrival && Touches(rows.Shape);
    }

    /// <summary>Whether nothing is left of some properties of a block.</summary>
    public bool HidesAll(BlockRef block, IReadOnlyList<string> properties) =>
        FromNs <= block.FirstNs && ToNs >= block.LastNs && block.LastArrival < Arrival && (Deletion.Properties is null || properties.All(IsOf));

    public bool Hides(long timeNs, long arrival, string property) =>
        timeNs >= FromNs && timeNs <= ToNs && arrival < Arrival && IsOf(property);

    public bool IsOf(string property) => Deletion.Properties is null || Deletion.Properties.Contains(property);

    /// <summary>Whether nothing is left for another one, which is older, to hide.</summary>
    public bool Covers(Tombstone older) =>
        FromNs <= older.FromNs && ToNs >= older.ToNs && Arrival >= older.Arrival
            && (Deletion.Properties is null || (older.Deletion.Properties is { } names && names.All(IsOf)));

    public static void Write(BytesWriter writer, IReadOnlyCollection<Tombstone> tombstones)
    {
        writer.VarInt((ulong)tombstones.Count);
        foreach (var one in tombstones)
        {
            writer.VarInt((ulong)one.Id);
            DeletionCodec.Write(writer, one.Deletion);
            writer.VarInt((ulong)one.Arrival);
        }
    }

    public static List<Tombstone> Read(ref BytesReader reader)
    {
        var tombstones = new List<Tombstone>();
        for (var left = reader.Count(BytesMin); left > 0 && !reader.IsBad; left--)
        {
            tombstones.Add(new Tombstone((long)reader.VarInt(), DeletionCodec.Read(ref reader), (long)reader.VarInt()));
        }

        return tombstones;
    }

    private bool Touches(Shape shape) => Deletion.Properties is null || Array.Exists(shape.Properties, IsOf);
}
