namespace Pilotage.TimeSeries.Head;

/// <summary>What is known of a series without reading it; guarded by the store's lock.</summary>
/// <remarks>The first shape of its series keeps their newest row and tells it to them when somebody asks; so every member begins by asking.</remarks>
internal sealed class SeriesState(string property)
{
    private long _lastNs;
    private long _lastBits;
    private string? _lastText;
    private Quality _lastQuality;
    private bool _hasLast;
    private bool _isLastLost;
    private Shape? _home;

    public string Property => property;

    /// <summary>What it holds; null until a first value comes, and then for good.</summary>
    public SeriesKind? Kind { get; private set; }

    public bool HasLast
    {
        get
        {
            _home?.TellSeries();
            return _hasLast;
        }
    }

    /// <summary>The greatest device time; where the last point was deleted, until another is found, still its time.</summary>
    public long LastNs
    {
        get
        {
            _home?.TellSeries();
            return _lastNs;
        }
    }

    /// <summary>Whether the last point is there to be told.</summary>
    public bool TellsLast => HasLast && !IsLastLost;

    /// <summary>Whether the last point was deleted, and what is the last now is not known yet.</summary>
    public bool IsLastLost
    {
        get
        {
            _home?.TellSeries();
            return _isLastLost;
        }
    }

    /// <summary>Points that came while the last one was looked for, and may be it.</summary>
    public int TakenWhileLost { get; private set; }

    /// <summary>The point with the greatest device time.</summary>
    public TypedPoint Last
    {
        get
        {
            _home?.TellSeries();
            return new(_lastNs, new SeriesValue(Kind ?? SeriesKind.Number, _lastBits, _lastText), _lastQuality);
        }
    }

    public long Overwritten { get; set; }

    public long Repeated { get; set; }

    public long Late { get; set; }

    /// <summary>Notes a shape that the series is part of; whether it is the first. The first is told of every later point, whatever shape it comes in.</summary>
    public bool Join(Shape shape)
    {
        var isFirst = _home is null;
        _home ??= shape;
        return isFirst;
    }

    /// <summary>The kind of the series, which the first to ask decides.</summary>
    public SeriesKind Settle(SeriesKind kind) => Kind ??= kind;

    /// <summary>Takes a point that is to be stored: the last arrival at the greatest time is the last value.</summary>
    public void Take(long timeNs, long bits, string? text, Quality quality)
    {
        if (!HasLast || timeNs >= LastNs)
        {
            (_lastNs, _lastBits, _lastQuality, _hasLast, _isLastLost) = (timeNs, bits, quality, true, false);
            _lastText = text ?? _lastText;
            _home?.HoldsUpTo(timeNs);
        }
        else
        {
            Late++;
            TakenWhileLost += _isLastLost ? 1 : 0;
        }
    }

    /// <summary>Notes that points of some times were deleted; whether the last was one of them. Its value is gone at once, its time is not.</summary>
    public bool LoseLast(long fromNs, long toNs)
    {
        if (HasLast && LastNs >= fromNs && LastNs <= toNs)
        {
            (_isLastLost, _lastBits, _lastText) = (true, 0, null);
        }

        return _isLastLost;
    }

    /// <summary>Takes what is the last point now, null where none is left, unless a later one came meanwhile.</summary>
    public void FindLast(TypedPoint? last)
    {
        if (!IsLastLost)
        {
            return;
        }

        _isLastLost = false;
        if (last is { } found)
        {
            (_lastNs, _lastBits, _lastText, _lastQuality) = (found.TimeNs, found.Value.Bits, found.Value.Text, found.Quality);
        }
        else
        {
            Forget();
        }
    }

    /// <summary>Notes that there is no last point.</summary>
    public void Forget()
    {
        _home?.TellSeries();
        (_hasLast, _isLastLost, _lastText) = (false, false, null);
    }

    public void Restore(TypedPoint last, long overwritten, long repeated, long late)
    {
        _home?.TellSeries();
        (_lastNs, _lastBits, _lastText) = (last.TimeNs, last.Value.Bits, last.Value.Text);
        (_lastQuality, _hasLast, _isLastLost) = (last.Quality, true, false);
        _home?.HoldsUpTo(last.TimeNs);
        Overwritten = overwritten;
        Repeated = repeated;
        Late = late;
    }
}
