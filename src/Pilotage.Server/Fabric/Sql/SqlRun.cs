using Pilotage.Server.Fabric.Retention;
using Pilotage.Streams;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Sql;

/// <summary>Runs a question over the store through the operators of pipelines.</summary>
internal sealed class SqlRun(SqlQuestion question, TimeSeriesStore store, RollUps rollUps, TimeProvider time, long pointsMax = SqlLimits.PointsMax)
{
    // Looked at so often whether anybody still waits, and whether there is something to send.
    private const int RowsAtOnce = 1_024;
    private const long FirstSpanNs = 3_600_000_000_000;
    private const int SpanFactor = 8;

    /// <summary>Points read so far.</summary>
    public long Points { get; private set; }

    /// <summary>What is missing of the rows, because retention left windows alone of it; settled before the first of them is to be sent.</summary>
    public string? Note { get; private set; }

    /// <summary>Finds all rows. What is found is to be sent between two of them; after a refusal what was found is not the answer.</summary>
    /// <exception cref="OperationCanceledException">Nobody waits any more, or it took too long.</exception>
    public async Task<Refusal?> RunAsync(SqlForm form, Func<ValueTask> send, CancellationToken cancellation)
    {
        form.Begin(question.Plan);
        foreach (var firstNs in Spans())
        {
            // Where all there is has to be read, that is known before; where the end of it is enough, it shows on the way.
            var touched = question.Plan.EndsEarly ? 0 : question.PointsTouched(store, firstNs);
            if (touched > pointsMax)
            {
                return TooCostly($"would read about {touched:N0} points");
            }

            Note = WindowsOnly.NoteOf(rollUps, question.Keys, firstNs, question.LastNs + 1);
            if (await OverAsync(firstNs, form, send, cancellation) is { } refusal)
            {
                return refusal;
            }

            if (firstNs == question.FirstNs || form.Rows >= question.Plan.Newest)
            {
                break;
            }

            form.Again();
        }

        form.End(Points, Note);
        return null;
    }

    /// <summary>From where to read: where only the newest rows are asked for, ever more of the past until there are enough.</summary>
    private IEnumerable<long> Spans()
    {
        if (question.Plan.Newest is not null && question.NewestNs(store) is { } newestNs)
        {
            var lastNs = Math.Min(newestNs, question.LastNs);
            for (var spanNs = FirstSpanNs; lastNs - spanNs > question.FirstNs && spanNs < long.MaxValue / SpanFactor; spanNs *= SpanFactor)
            {
                yield return lastNs - spanNs;
            }
        }

        yield return question.FirstNs;
    }

    private async Task<Refusal?> OverAsync(long firstNs, SqlForm form, Func<ValueTask> send, CancellationToken cancellation)
    {
        var flow = Dataflow.StartQuery(question.Plan, form, time);
        var rows = new SqlRows(store, question);
        var before = Points;
        var since = 0;
        foreach (var device in question.Devices)
        {
            if (flow.IsDone)
            {
                break;
            }

            cancellation.ThrowIfCancellationRequested();
            foreach (var timeNs in rows.Of(device, firstNs, question.LastNs))
            {
                flow.Push(question.Plan, device.Id, timeNs, rows.Row, rows.Texts);
                if (++since >= RowsAtOnce)
                {
                    since = 0;
                    cancellation.ThrowIfCancellationRequested();
                    await (question.Plan.Newest is null ? send() : default);
                }

                if (flow.IsDone || flow.Overflow is not null || rows.Points > pointsMax)
                {
                    break;
                }
            }

            flow.End(device.Id);
            Points = before + rows.Points;
            if (flow.Overflow is { } overflow)
            {
                return overflow;
            }

            if (rows.Points > pointsMax)
            {
                return TooCostly($"has read {pointsMax:N0} points and not found what it looks for");
            }
        }

        flow.Complete();
        return flow.Overflow;
    }

    private static Refusal TooCostly(string says) => new(
        "fabric.query.cost",
        $"The question {says}; {SqlLimits.PointsMax:N0} are the most. Ask for a shorter time (WHERE ts >= NOW() - INTERVAL '1' DAY), for fewer devices (device = 'pump-7') or for fewer columns.");
}
