using System.Text;
using Pilotage.Streams;
using Xunit;

namespace Pilotage.Tests.Streams;

public sealed class CompilerFuzzTests
{
    private static readonly string[] Words =
    [
        "SELECT", "FROM", "WHERE", "GROUP BY", "HAVING", "WINDOW", "AS", "(", ")", ",", ";", "*", "+", "-", "/", "%", "<", ">=", "=", "<>",
        "'a'", "'1'", "1", "2.5", "1e9", "${alarm_days}", "device", "ts", "load", "vibration", "pump", "v", "w", "INSERT INTO", "alerts", "o",
        "CREATE VIEW", "OVER", "PARTITION BY", "ORDER BY", "ROWS BETWEEN", "RANGE BETWEEN", "INTERVAL", "HOUR", "PRECEDING AND CURRENT ROW",
        "TUMBLE", "HOP", "TABLE", "DESCRIPTOR", "ML_PREDICT", "MODEL", "regime", "bearing_rul", "AVG", "LAG", "REGR_SLOPE", "COUNT(*)", "CASE",
        "WHEN", "THEN", "ELSE", "END", "AND", "OR", "NOT", "NULL", "IS", "IN", "BETWEEN", "COALESCE", "NULLIF", "TIMESTAMPDIFF", "window_start",
        "window_end", "SET", "'pilotage.lateness'", "'5 s'", "kind", "score", "`", "$", "--", "/*", "\n", "UNBOUNDED", "CAST", "DOUBLE",
        "CUMULATE", "SESSION", "MEDIAN", "PERCENTILE", "COUNT(DISTINCT", "BAND_ENERGY", "CORR", "ROW_NUMBER()", "EXTRACT", "FLOOR(", "TO", "DAY", "AT TIME ZONE 'UTC'", "TIMESTAMPADD", "DATE_FORMAT", "TIMESTAMP '2026-01-01'", "LOG",
        "UNION ALL", "LEFT JOIN", "JOIN", "FOR SYSTEM_TIME AS OF v.ts", "ON v.device = w.device", "v.ts", "LEAD",
    ];

    [Fact]
    public void Never_throws_on_mutated_text()
    {
        var random = new Random(20260301);
        var refused = 0;
        for (var i = 0; i < 3_000; i++)
        {
            var text = new StringBuilder(CheckpointTests.Everything);
            for (var edits = random.Next(1, 4); edits > 0 && text.Length > 1; edits--)
            {
                var at = random.Next(text.Length);
                switch (random.Next(5))
                {
                    case 0:
                        text.Remove(at, Math.Min(random.Next(1, 20), text.Length - at - 1));
                        break;
                    case 1:
                        text.Insert(at, Words[random.Next(Words.Length)] + " ");
                        break;
                    case 2:
                        text[at] = (char)random.Next(1, 0x250);
                        break;
                    case 3:
                        text.Insert(at, random.Next(10));
                        break;
                    default:
                        text.Length = Math.Max(1, at);
                        break;
                }
            }

            refused += IsRefused(text.ToString()) ? 1 : 0;
        }

        // If everything were refused, the mutations would not be testing much.
        Assert.InRange(refused, 1_000, 2_999);
    }

    [Fact]
    public void Never_throws_on_random_words()
    {
        var random = new Random(4711);
        for (var i = 0; i < 3_000; i++)
        {
            var words = Enumerable.Range(0, random.Next(1, 60)).Select(_ => Words[random.Next(Words.Length)]);
            IsRefused("INSERT INTO o SELECT device, ts, " + string.Join(' ', words));
        }
    }

    [Theory]
    [InlineData("(")]
    [InlineData("NOT ")]
    [InlineData("-")]
    [InlineData("- ")]
    [InlineData("a+")]
    [InlineData("CASE WHEN ")]
    [InlineData("CASE a WHEN ")]
    [InlineData("ABS(")]
    [InlineData("a IN (")]
    [InlineData("a BETWEEN ")]
    [InlineData("AVG(")]
    [InlineData("x FROM (SELECT ")]
    [InlineData("x FROM TABLE(")]
    [InlineData("x FROM HOP((SELECT ")]
    [InlineData("'")]
    [InlineData("`")]
    [InlineData("${")]
    [InlineData("/*")]
    [InlineData("9")]
    [InlineData("9e")]
    [InlineData("\0")]
    [InlineData(";")]
    public void Never_overflows_on_endless_repetition(string piece)
    {
        var text = "INSERT INTO o SELECT " + new StringBuilder().Insert(0, piece, 60_000 / piece.Length);
        Assert.True(IsRefused(text));
    }

    private static bool IsRefused(string sql)
    {
        var outcome = PipelineCompiler.Compile(sql, [Pump.Thing], [Pump.Regime, Pump.Rul], Pump.Parameters);
        if (outcome.IsOk)
        {
            return false;
        }

        Assert.StartsWith("pipeline.", outcome.Refusal.Code, StringComparison.Ordinal);
        Assert.Matches("^[0-9]+:[0-9]+$", Assert.Single(outcome.Refusal.Details).Where);
        return true;
    }
}
