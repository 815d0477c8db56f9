using System.Diagnostics.Metrics;
using Pilotage.Server.Hosting;
using Pilotage.Streams;

namespace Pilotage.Server.Fabric.Sql;

/// <summary>How many questions run at once and what each may cost.</summary>
internal sealed class SqlLimits(ServerOptions options, IMeterFactory meters) : Turnstile(
    meters,
    TurnstileCounter.OfResults("pilotage.query.sql", "{question}", "Questions in SQL, by result: done, refused (the text, what it would cost, or too many at once), gone (whoever asked did not wait for the end)."),
    options.SqlQuestionsMax,
    new("fabric.sql.too_many", $"{options.SqlQuestionsMax} questions are being answered already; ask again when one has ended."))
{
    /// <summary>Points that a question may read: some seconds of one processor.</summary>
    public const long PointsMax = 20_000_000;

    /// <summary>Devices of one question.</summary>
    public const int DevicesMax = 10_000;

    /// <summary>Bounds of the compiler. A window may hold more rows than that of a pipeline, which keeps one for every device at once.</summary>
    public static PipelineLimits Pipeline { get; } = new() { WindowRowsMax = 1_000_000, DevicesMax = 2 * DevicesMax, SqlCharsMax = 65_536, StatementsMax = 256 };

    /// <summary>How long one may run.</summary>
    public TimeSpan TimeMax { get; } = options.SqlTimeMax;
}
