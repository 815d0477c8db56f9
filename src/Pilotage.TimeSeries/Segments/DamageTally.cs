namespace Pilotage.TimeSeries.Segments;

/// <summary>Counts what was durable and cannot be read any more, each time somebody meets it.</summary>
internal sealed class DamageTally
{
    private long _count;

    public long Count => Interlocked.Read(ref _count);

    public void Notice() => Interlocked.Increment(ref _count);
}
