using System.Diagnostics.Metrics;
using Pilotage.Server.Hosting;
using Pilotage.Streams;

namespace Pilotage.Server.Fabric.Sql;

/// <summary>How many questions run at once and what each may cost; counts what became of them.</summary>
internal sealed class SqlLimits
{
    /// <summary>Points that a question may read: some seconds of one processor.</summary>
    public const long PointsMax = 20_000_000;

    /// <summary>Devices of one question.</summary>
    public const int DevicesMax = 10_000;

    private readonly ServerOptions _options;
    private readonly Counter<long> _questions;
    private int _open;

    public SqlLimits(ServerOptions options, IMeterFactory meters)
    {
        _options = options;
        _questions = meters.Create("Pilotage.Server").CreateCounter<long>(
            "pilotage.query.sql", "{question}", "Questions in SQL, by result: done, refused (the text, what it would cost, or too many at once), gone (whoever asked did not wait for the end).");
        foreach (var result in (string[])["done", "refused", "gone"])
        {
            Count(0, result);
        }
    }

    /// <summary>Bounds of the compiler. A window may hold more rows than that of a pipeline, which keeps one for every device at once.</summary>
    public static PipelineLimits Pipeline { get; } = new() { WindowRowsMax = 1_000_000, DevicesMax = 2 * DevicesMax };

    /// <summary>How long one may run.</summary>
    public TimeSpan TimeMax => _options.SqlTimeMax;

    /// <summary>Lets one in; whoever is let in leaves.</summary>
    public Outcome<SqlLimits> Enter()
    {
        if (Interlocked.Increment(ref _open) <= _options.SqlQuestionsMax)
        {
            return this;
        }

        Leave();
        return new Refusal("fabric.sql.too_many", $"{_options.SqlQuestionsMax} questions are being answered already; ask again when one has ended.");
    }

    public void Leave() => Interlocked.Decrement(ref _open);

    public void Count(string result) => Count(1, result);

    private void Count(long questions, string result) => _questions.Add(questions, new KeyValuePair<string, object?>("result", result));
}
