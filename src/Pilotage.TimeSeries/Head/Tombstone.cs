using Pilotage.Core;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries.Head;

/// <summary>Says that points of a device are deleted: those of some times that had arrived by then.</summary>
/// <remarks>
/// It hides them at once, in memory and in segments; they are gone when the segment they are in is written anew. What
/// arrives later at the same times is new.
/// </remarks>
/// <param name="Id">Rises with each; a segment knows up to which one it is without what was deleted.</param>
/// <param name="Properties">Null for all.</param>
/// <param name="FromNs">The first time.</param>
/// <param name="ToNs">The last time.</param>
/// <param name="Arrival">The first arrival that it does not concern.</param>
internal sealed record Tombstone(long Id, TenantId Tenant, DeviceId Device, string[]? Properties, long FromNs, long ToNs, long Arrival)
{
    // Id, two names, count, two times, arrival: a byte each at least.
    private const int BytesMin = 7;

    /// <summary>Whether it may hide rows of a block.</summary>
    public bool Touches(BlockRef block) =>
        Id > block.Segment.PurgedTo && FromNs <= block.LastNs && ToNs >= block.FirstNs && block.FirstArrival < Arrival && Touches(block.Shape);

    /// <summary>Whether it may hide rows that are in memory.</summary>
    public bool Touches(RowSpan rows)
    {
        var (first, last) = rows.Span;
        return FromNs <= last && ToNs >= first && rows.Arrivals[0] < Arrival && Touches(rows.Shape);
    }

    public bool Hides(long timeNs, long arrival, string property) =>
        timeNs >= FromNs && timeNs <= ToNs && arrival < Arrival && IsOf(property);

    public bool IsOf(string property) => Properties is null || Array.IndexOf(Properties, property) >= 0;

    /// <summary>Whether nothing is left for another one, which is older, to hide.</summary>
    public bool Covers(Tombstone older) =>
        FromNs <= older.FromNs && ToNs >= older.ToNs && Arrival >= older.Arrival
            && (Properties is null || (older.Properties is not null && Array.TrueForAll(older.Properties, IsOf)));

    public static void Write(BytesWriter writer, IReadOnlyCollection<Tombstone> tombstones)
    {
        writer.VarInt((ulong)tombstones.Count);
        foreach (var one in tombstones)
        {
            writer.VarInt((ulong)one.Id);
            writer.Text(one.Tenant.Value);
            writer.Text(one.Device.Value);
            writer.VarInt(one.Properties is null ? 0 : (ulong)one.Properties.Length + 1);
            foreach (var property in one.Properties ?? [])
            {
                writer.Text(property);
            }

            writer.Signed(one.FromNs);
            writer.Signed(one.ToNs);
            writer.VarInt((ulong)one.Arrival);
        }
    }

    public static List<Tombstone> Read(ref BytesReader reader)
    {
        var tombstones = new List<Tombstone>();
        for (var left = reader.Count(BytesMin); left > 0 && !reader.IsBad; left--)
        {
            var id = (long)reader.VarInt();
            var tenant = new TenantId(reader.Text());
            var device = new DeviceId(reader.Text());
            var count = reader.Count(1);
            var properties = count == 0 ? null : new string[count - 1];
            for (var i = 0; i < properties?.Length; i++)
            {
                properties[i] = reader.Text();
            }

            tombstones.Add(new Tombstone(id, tenant, device, properties, reader.Signed(), reader.Signed(), (long)reader.VarInt()));
        }

        return tombstones;
    }

    private bool Touches(Shape shape) => Properties is null || Array.Exists(shape.Properties, IsOf);
}
