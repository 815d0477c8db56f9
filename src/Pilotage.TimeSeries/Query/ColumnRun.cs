namespace Pilotage.TimeSeries.Query;

/// <summary>Points of one series, rising in time, each time once.</summary>
internal readonly record struct ColumnRun(ReadOnlyMemory<long> Times, ReadOnlyMemory<double> Values, ReadOnlyMemory<Quality> Qualities)
{
    public int Count => Times.Length;
}
