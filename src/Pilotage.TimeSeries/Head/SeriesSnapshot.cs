using Pilotage.TimeSeries.Codec;

namespace Pilotage.TimeSeries.Head;

/// <summary>The state of a series at the moment its head began to be sealed.</summary>
internal readonly record struct SeriesSnapshot(bool HasLast, Point Last, long Overwritten, long Repeated, long Late)
{
    public static SeriesSnapshot Of(SeriesState state) =>
        new(state.HasLast, state.Last, state.Overwritten, state.Repeated, state.Late);

    public static SeriesSnapshot Read(ref BytesReader reader)
    {
        var hasLast = reader.Byte() == 1;
        var last = new Point(reader.Int64(), reader.Double(), (Quality)reader.Byte());
        return new SeriesSnapshot(hasLast, last, (long)reader.VarInt(), (long)reader.VarInt(), (long)reader.VarInt());
    }

    public void Write(BytesWriter writer)
    {
        writer.Byte(HasLast ? (byte)1 : (byte)0);
        writer.Int64(Last.TimeNs);
        writer.Double(Last.Value);
        writer.Byte((byte)Last.Quality);
        writer.VarInt((ulong)Overwritten);
        writer.VarInt((ulong)Repeated);
        writer.VarInt((ulong)Late);
    }

    public void RestoreTo(SeriesState state)
    {
        if (HasLast)
        {
            state.Restore(Last, Overwritten, Repeated, Late);
        }
    }
}
