using Pilotage.TimeSeries.Codec;

namespace Pilotage.TimeSeries.Head;

/// <summary>The state of a series at the moment its head began to be sealed.</summary>
internal readonly record struct SeriesSnapshot(bool HasLast, TypedPoint Last, long Overwritten, long Repeated, long Late)
{
    public static SeriesSnapshot Of(SeriesState state) =>
        new(state.HasLast, state.Last, state.Overwritten, state.Repeated, state.Late);

    /// <summary>Reads the state of a series of a kind.</summary>
    public static SeriesSnapshot Read(ref BytesReader reader, SeriesKind kind)
    {
        var hasLast = reader.Byte() == 1;
        var timeNs = reader.Int64();
        var value = kind < SeriesKind.Text
            ? new SeriesValue(kind, reader.Int64(), null)
            : new SeriesValue(kind, 0, reader.Text());
        var last = new TypedPoint(timeNs, value, (Quality)reader.Byte());
        return new SeriesSnapshot(hasLast, last, (long)reader.VarInt(), (long)reader.VarInt(), (long)reader.VarInt());
    }

    public void Write(BytesWriter writer)
    {
        writer.Byte(HasLast ? (byte)1 : (byte)0);
        writer.Int64(Last.TimeNs);
        if (Last.Value.IsText)
        {
            writer.Text(Last.Value.Text ?? "");
        }
        else
        {
            writer.Int64(Last.Value.Bits);
        }

        writer.Byte((byte)Last.Quality);
        writer.VarInt((ulong)Overwritten);
        writer.VarInt((ulong)Repeated);
        writer.VarInt((ulong)Late);
    }

    public void RestoreTo(SeriesState state)
    {
        // Of segments whose order is lost, the latest speaks.
        if (HasLast && (!state.HasLast || state.LastNs <= Last.TimeNs))
        {
            state.Restore(Last, Overwritten, Repeated, Late);
        }
    }
}
