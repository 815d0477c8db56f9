using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Sql;

/// <summary>The rows of one device as a table has them: a row for each time at which one of the columns was measured.</summary>
/// <remarks>As in every query: of one time the last to arrive counts, what is bad or not finite is none. Nothing is gathered: of each column a block is held.</remarks>
internal sealed class SqlRows(TimeSeriesStore store, SqlQuestion question)
{
    private readonly double[] _row = new double[question.Plan.Thing.Properties.Count];
    private readonly string?[] _texts = new string?[question.Plan.Thing.Properties.Count];

    /// <summary>The row at the time told last, a value for each property of the table; NaN where there is none.</summary>
    public ReadOnlySpan<double> Row => _row;

    /// <summary>The texts of that row, by the place of their property.</summary>
    public ReadOnlySpan<string?> Texts => _texts;

    /// <summary>Points read so far.</summary>
    public long Points { get; private set; }

    public IEnumerable<long> Of(Device device, long firstNs, long lastNs)
    {
        var columns = question.Columns;
        var open = new List<IEnumerator<TypedPoint>>(columns.Count);
        var next = new long?[columns.Count];
        try
        {
            for (var i = 0; i < columns.Count; i++)
            {
                open.Add(store.ReadTyped(new SeriesKey(device.Tenant, device.Id, columns[i].Property.Name), firstNs, lastNs).GetEnumerator());
                next[i] = Advance(open[i], columns[i].Property.Type == Streams.ThingPropertyType.Text);
            }

            while (Earliest(next) is { } timeNs)
            {
                Array.Fill(_row, double.NaN);
                Array.Clear(_texts);
                for (var i = 0; i < next.Length; i++)
                {
                    if (next[i] == timeNs)
                    {
                        var value = open[i].Current.Value;
                        (_row[columns[i].Slot], _texts[columns[i].Slot]) = (value.Number, value.Text);
                        next[i] = Advance(open[i], columns[i].Property.Type == Streams.ThingPropertyType.Text);
                    }
                }

                yield return timeNs;
            }
        }
        finally
        {
            open.ForEach(points => points.Dispose());
        }
    }

    private static long? Earliest(long?[] next)
    {
        long? earliest = null;
        foreach (var time in next)
        {
            earliest = earliest is null || time < earliest ? time : earliest;
        }

        return earliest;
    }

    /// <summary>The time of the next point that counts. Text counts, though it is no number.</summary>
    private long? Advance(IEnumerator<TypedPoint> points, bool isText)
    {
        while (points.MoveNext())
        {
            Points++;
            var point = points.Current;
            if (point.Quality != Quality.Bad && (isText || double.IsFinite(point.Value.Number)))
            {
                return point.TimeNs;
            }
        }

        return null;
    }
}
