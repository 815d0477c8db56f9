using Pilotage.Core;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries;

/// <content>Queries that give values as they are stored, of whatever kind.</content>
public sealed partial class TimeSeriesStore
{
    /// <summary>The point with the greatest device time, from memory.</summary>
    public bool TryGetLastTyped(SeriesKey key, out TypedPoint point)
    {
        lock (_gate)
        {
            if (StateOf(key) is { TellsLast: true } state)
            {
                point = state.Last;
                return true;
            }
        }

        point = default;
        return false;
    }

    /// <summary>The points of <see cref="Read"/> with their values as they are stored.</summary>
    public IEnumerable<TypedPoint> ReadTyped(SeriesKey key, long fromNs, long toNs)
    {
        if (KindOf(key) is < SeriesKind.Text)
        {
            // Fast path: blocks as they stand.
            foreach (var run in Runs(key, fromNs, toNs))
            {
                for (var i = 0; i < run.Count; i++)
                {
                    yield return new TypedPoint(run.Times.Span[i], new SeriesValue(run.Kind, run.Bits.Span[i], null), run.QualityAt(i));
                }
            }

            yield break;
        }

        TypedPoint? held = null;
        foreach (var cursor in RowMerge.Of(Sources(key.Tenant, key.Device, [key.Property], fromNs, toNs, byTime: true), byTime: true, BlockParts.Arrivals))
        {
            var timeNs = cursor.Rows.Times[cursor.Row];
            if (timeNs < fromNs || timeNs > toNs)
            {
                continue;
            }

            if (held is { } earlier && earlier.TimeNs != timeNs)
            {
                yield return earlier;
            }

            held = cursor.Rows.TypedPoint(cursor.Row, cursor.Columns[0]);
        }

        if (held is { } last)
        {
            yield return last;
        }
    }

    /// <summary>The messages of <see cref="Replay(TenantId, IReadOnlyList{DeviceId}, IReadOnlyList{string}, long, long)"/> with their values as they are stored.</summary>
    public IEnumerable<ArrivedTypedRow> ReplayTyped(
        TenantId tenant, IReadOnlyList<DeviceId> devices, IReadOnlyList<string> properties, long fromNs, long toNs) =>
        Replay(tenant, devices, properties, fromNs, toNs, TypedRow);

    private static ArrivedTypedRow TypedRow(RowCursor cursor)
    {
        var (rows, row) = (cursor.Rows, cursor.Row);
        var values = Array.ConvertAll(cursor.Columns, column => column < 0 || !rows.IsThere(row, column) ? (SeriesValue?)null : rows.Value(row, column));
        return new ArrivedTypedRow(rows.Shape.Device, rows.Times[row], values, rows.Arrivals[row], rows.ReceivedTimes[row], Worst(cursor));
    }
}
