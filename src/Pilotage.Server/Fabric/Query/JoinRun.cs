using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>Several series at the times of the first one.</summary>
/// <param name="Series">The one whose times count, and the others.</param>
/// <param name="FromNs">The first time that counts.</param>
/// <param name="ToNs">The first time that counts no more.</param>
/// <param name="MaxAgeNs">How old a value of the others may be; null for any age.</param>
internal sealed record JoinQuery(IReadOnlyList<SeriesKey> Series, long FromNs, long ToNs, long? MaxAgeNs);

/// <summary>Runs a join: each of the other series with its latest value at or before each time of the first.</summary>
/// <remarks>Points that are bad or not finite are none: the value before them stands.</remarks>
internal static class JoinRun
{
    /// <summary>Points read at most: some seconds of one processor, because they are read one by one.</summary>
    public const long PointsMax = 20_000_000;

    /// <summary>Values given at most.</summary>
    public const long ValuesMax = AggregateRun.ValuesMax;

    private const int RowsAtOnce = 1_024;

    /// <summary>The rows: milliseconds since 1970 UTC, and a value of each series; null where there is none that is young enough.</summary>
    /// <exception cref="OperationCanceledException">Whoever asked has gone.</exception>
    public static Outcome<IReadOnlyList<object?[]>> Run(TimeSeriesStore store, JoinQuery query, CancellationToken cancellation, long pointsMax = PointsMax, long valuesMax = ValuesMax)
    {
        var touched = query.Series.Sum(key => store.PointsTouched(key, query.FromNs, query.ToNs - 1));
        if (touched > pointsMax)
        {
            return TooCostly($"would read about {touched:N0} points; {pointsMax:N0} are the most");
        }

        var rows = new List<object?[]>();
        var others = query.Series.Skip(1).Select(key => new LatestValue(store, key, query)).ToList();
        try
        {
            foreach (var point in LatestValue.Counting(store.ReadTyped(query.Series[0], query.FromNs, query.ToNs - 1)))
            {
                if (rows.Count % RowsAtOnce == 0)
                {
                    cancellation.ThrowIfCancellationRequested();
                }

                if ((rows.Count + 1L) * query.Series.Count > valuesMax)
                {
                    return TooCostly($"would give more than {valuesMax:N0} values, the most");
                }

                rows.Add([Clock.ToMs(point.TimeNs), SeriesJson.Of(point.Value), .. others.Select(other => other.At(point.TimeNs) is { } value ? SeriesJson.Of(value) : null)]);
            }
        }
        finally
        {
            others.ForEach(other => other.Dispose());
        }

        return rows;
    }

    private static Refusal TooCostly(string says) =>
        new("fabric.query.cost", $"The join {says}. Ask for a shorter time or fewer series; tables of any length are what data export and data sql are for.");
}

/// <summary>The latest value of a series at times that rise.</summary>
internal sealed class LatestValue : IDisposable
{
    private const long FirstSpanNs = 3_600_000_000_000;
    private const int SpanFactor = 8;
    private readonly long? _maxAgeNs;
    private readonly IEnumerator<TypedPoint> _points;
    private TypedPoint? _next;
    private TypedPoint? _latest;

    public LatestValue(TimeSeriesStore store, SeriesKey key, JoinQuery query)
    {
        _maxAgeNs = query.MaxAgeNs;
        _points = Counting(store.ReadTyped(key, query.FromNs, query.ToNs - 1)).GetEnumerator();
        _latest = Before(store, key, query);
        Advance();
    }

    /// <summary>As in every query: what is bad or no number is none; text counts.</summary>
    public static IEnumerable<TypedPoint> Counting(IEnumerable<TypedPoint> points) =>
        points.Where(point => point.Quality != Quality.Bad && (point.Value.Kind != SeriesKind.Number || double.IsFinite(point.Value.Number)));

    /// <summary>The value at or before a time; null where there is none, or none that is young enough.</summary>
    public SeriesValue? At(long timeNs)
    {
        while (_next is { } next && next.TimeNs <= timeNs)
        {
            _latest = next;
            Advance();
        }

        return _latest is { } latest && (_maxAgeNs is not { } most || (Int128)timeNs - latest.TimeNs <= most) ? latest.Value : null;
    }

    public void Dispose() => _points.Dispose();

    private void Advance() => _next = _points.MoveNext() ? _points.Current : null;

    /// <summary>The last value before the time asked for, looked for in ever more of the past, so that a recent one costs little.</summary>
    private static TypedPoint? Before(TimeSeriesStore store, SeriesKey key, JoinQuery query)
    {
        var floor = query.MaxAgeNs is { } age ? (long)Int128.Max((Int128)query.FromNs - age, long.MinValue) : long.MinValue;
        var (end, span) = (query.FromNs, FirstSpanNs);
        while (end > floor)
        {
            var start = (long)Int128.Max((Int128)end - span, floor);
            TypedPoint? last = null;
            foreach (var point in Counting(store.ReadTyped(key, start, end - 1)))
            {
                last = point;
            }

            if (last is not null || start == floor)
            {
                return last;
            }

            (end, span) = (start, span > long.MaxValue / SpanFactor ? long.MaxValue : span * SpanFactor);
        }

        return null;
    }
}
