namespace Pilotage.TimeSeries.Head;

/// <summary>What is known of a series without reading it; guarded by the store's lock.</summary>
internal sealed class SeriesState(string property)
{
    public string Property => property;

    public bool HasLast { get; private set; }

    /// <summary>The point with the greatest device time.</summary>
    public Point Last { get; private set; }

    public long Overwritten { get; set; }

    public long Repeated { get; set; }

    public long Late { get; set; }

    /// <summary>Takes a point that is to be stored: the last arrival at the greatest time is the last value.</summary>
    public void Take(Point point)
    {
        if (!HasLast || point.TimeNs >= Last.TimeNs)
        {
            Last = point;
            HasLast = true;
        }
        else
        {
            Late++;
        }
    }

    public void Restore(Point last, long overwritten, long repeated, long late)
    {
        Last = last;
        HasLast = true;
        Overwritten = overwritten;
        Repeated = repeated;
        Late = late;
    }
}
