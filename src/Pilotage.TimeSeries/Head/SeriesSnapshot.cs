using Pilotage.TimeSeries.Codec;

namespace Pilotage.TimeSeries.Head;

/// <summary>The state of a series at the moment its head began to be sealed.</summary>
internal readonly record struct SeriesSnapshot(bool HasLast, bool IsLastLost, TypedPoint Last, long Overwritten, long Repeated, long Late)
{
    private const byte None = 0;
    private const byte Has = 1;
    private const byte Lost = 2;

    public static SeriesSnapshot Of(SeriesState state) =>
        new(state.HasLast, state.IsLastLost, state.Last, state.Overwritten, state.Repeated, state.Late);

    /// <summary>Reads the state of a series of a kind.</summary>
    public static SeriesSnapshot Read(ref BytesReader reader, SeriesKind kind)
    {
        var form = reader.Byte();
        var timeNs = reader.Int64();
        var value = kind < SeriesKind.Text
            ? new SeriesValue(kind, reader.Int64(), null)
            : new SeriesValue(kind, 0, reader.Text());
        var last = new TypedPoint(timeNs, value, (Quality)reader.Byte());
        return new SeriesSnapshot(form is Has or Lost, form == Lost, last, (long)reader.VarInt(), (long)reader.VarInt(), (long)reader.VarInt());
    }

    public void Write(BytesWriter writer)
    {
        writer.Byte(!HasLast ? None : IsLastLost ? Lost : Has);
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
        if (HasLast)
        {
            state.Restore(Last, Overwritten, Repeated, Late);
            if (IsLastLost)
            {
                state.LoseLast(Last.TimeNs, Last.TimeNs);
            }
        }
        else
        {
            // Whatever it was before: all of it was deleted.
            state.Forget();
        }
    }
}
