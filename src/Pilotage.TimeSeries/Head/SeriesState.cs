namespace Pilotage.TimeSeries.Head;

/// <summary>What is known of a series without reading it; guarded by the store's lock.</summary>
internal sealed class SeriesState(string property)
{
    private long _lastBits;
    private string? _lastText;

    public string Property => property;

    /// <summary>What it holds; null until a first value comes, and then for good.</summary>
    public SeriesKind? Kind { get; private set; }

    public bool HasLast { get; private set; }

    /// <summary>The greatest device time; where the last point was deleted, until another is found, still its time.</summary>
    public long LastNs { get; private set; }

    /// <summary>Whether the last point is there to be told.</summary>
    public bool TellsLast => HasLast && !IsLastLost;

    /// <summary>Whether the last point was deleted, and what is the last now is not known yet.</summary>
    public bool IsLastLost { get; private set; }

    /// <summary>Points that came while the last one was looked for, and may be it.</summary>
    public int TakenWhileLost { get; private set; }

    public Quality LastQuality { get; private set; }

    /// <summary>The point with the greatest device time.</summary>
    public TypedPoint Last => new(LastNs, new SeriesValue(Kind ?? SeriesKind.Number, _lastBits, _lastText), LastQuality);

    public long Overwritten { get; set; }

    public long Repeated { get; set; }

    public long Late { get; set; }

    /// <summary>The kind of the series, which the first to ask decides.</summary>
    public SeriesKind Settle(SeriesKind kind) => Kind ??= kind;

    /// <summary>Takes a point that is to be stored: the last arrival at the greatest time is the last value.</summary>
    public void Take(long timeNs, long bits, string? text, Quality quality)
    {
        if (!HasLast || timeNs >= LastNs)
        {
            (LastNs, _lastBits, LastQuality, HasLast, IsLastLost) = (timeNs, bits, quality, true, false);
            if (text is not null)
            {
                _lastText = text;
            }
        }
        else
        {
            Late++;
            TakenWhileLost += IsLastLost ? 1 : 0;
        }
    }

    /// <summary>Notes that points of some times were deleted; whether the last was one of them. Its value is gone at once, its time is not.</summary>
    public bool LoseLast(long fromNs, long toNs)
    {
        if (HasLast && LastNs >= fromNs && LastNs <= toNs)
        {
            (IsLastLost, _lastBits, _lastText) = (true, 0, null);
        }

        return IsLastLost;
    }

    /// <summary>Takes what is the last point now, null where none is left, unless a later one came meanwhile.</summary>
    public void FindLast(TypedPoint? last)
    {
        if (!IsLastLost)
        {
            return;
        }

        IsLastLost = false;
        if (last is { } found)
        {
            (LastNs, _lastBits, _lastText, LastQuality) = (found.TimeNs, found.Value.Bits, found.Value.Text, found.Quality);
        }
        else
        {
            Forget();
        }
    }

    /// <summary>Notes that there is no last point.</summary>
    public void Forget() => (HasLast, IsLastLost, _lastText) = (false, false, null);

    public void Restore(TypedPoint last, long overwritten, long repeated, long late)
    {
        (LastNs, _lastBits, _lastText) = (last.TimeNs, last.Value.Bits, last.Value.Text);
        (LastQuality, HasLast, IsLastLost) = (last.Quality, true, false);
        Overwritten = overwritten;
        Repeated = repeated;
        Late = late;
    }
}
