using System.Buffers;
using Pilotage.Core;
using Pilotage.Streams;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Streams;

/// <summary>Texts as values: functions, comparisons, windows, groups, and that those nobody keeps are let go of.</summary>
public sealed class TextTests
{
    private const int Serial = 6;
    private const string Hour = "w AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)";

    // The serial of the row is ' Pump-Ä7 '; expected as SQL has it, and checked by comparing.
    [Theory]
    [InlineData("UPPER(serial)", " PUMP-Ä7 ")]
    [InlineData("LOWER(serial)", " pump-ä7 ")]
    [InlineData("TRIM(serial)", "Pump-Ä7")]
    [InlineData("TRIM(LEADING ' ' FROM serial)", "Pump-Ä7 ")]
    [InlineData("TRIM(BOTH ' 7' FROM serial)", "Pump-Ä")]
    [InlineData("RTRIM(serial)", " Pump-Ä7")]
    [InlineData("INITCAP('the pump of HALL-one')", "The Pump Of Hall-One")]
    [InlineData("REVERSE('a😀b')", "b😀a")]
    [InlineData("REPEAT('ab', 3)", "ababab")]
    [InlineData("REPEAT('ab', -1)", "")]
    [InlineData("REPLACE(serial, 'Pump', 'P')", " P-Ä7 ")]
    [InlineData("'a' || 'b' || TRIM(serial)", "abPump-Ä7")]
    [InlineData("CONCAT('a', NULLIF('b', 'b'))", null)]
    [InlineData("CONCAT_WS('-', 'a', NULLIF('b', 'b'), 'c')", "a-c")]
    [InlineData("SUBSTRING(serial FROM 2 FOR 4)", "Pump")]
    [InlineData("SUBSTRING(serial, 7)", "Ä7 ")]
    [InlineData("SUBSTR('a😀b', 2, 1)", "😀")]
    [InlineData("SUBSTR('abc', -2)", "bc")]
    [InlineData("SUBSTR('abc', 9)", "")]
    [InlineData("LEFT('abc', 2)", "ab")]
    [InlineData("RIGHT('abc', 2)", "bc")]
    [InlineData("RIGHT('abc', 9)", "abc")]
    [InlineData("LPAD('7', 3, '0')", "007")]
    [InlineData("RPAD('abc', 2, 'x')", "ab")]
    [InlineData("LPAD('7', 4, 'ab')", "aba7")]
    [InlineData("SPLIT_INDEX('acme/lyon/hall', '/', 1)", "lyon")]
    [InlineData("SPLIT_INDEX('acme/lyon/hall', '/', 3)", null)]
    [InlineData("CHR(196)", "Ä")]
    [InlineData("MD5('abc')", "900150983cd24fb0d6963f7d28e17f72")]
    [InlineData("SHA256('abc')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("REGEXP_EXTRACT('F12: hot', '([A-Z])([0-9]+)', 2)", "12")]
    [InlineData("REGEXP_EXTRACT('none', '([A-Z])([0-9]+)', 2)", null)]
    [InlineData("REGEXP_REPLACE('a1b22', '[0-9]+', '#')", "a#b#")]
    [InlineData("JSON_VALUE('{\"pump\":{\"state\":\"hot\",\"n\":[1,2.50]}}', '$.pump.state')", "hot")]
    [InlineData("JSON_VALUE('{\"pump\":{\"state\":\"hot\",\"n\":[1,2.50]}}', '$.pump.n[1]')", "2.50")]
    [InlineData("JSON_VALUE('{\"two words\":true}', '$[''two words'']')", "true")]
    [InlineData("JSON_VALUE('{\"a\":{}}', '$.a')", null)]
    [InlineData("JSON_VALUE('not json', '$.a')", null)]
    [InlineData("JSON_QUERY('{\"a\":{\"b\":[1]}}', '$.a')", "{\"b\":[1]}")]
    [InlineData("CAST(vibration AS STRING)", "4")]
    [InlineData("CAST(running AS VARCHAR(5))", "TRUE")]
    [InlineData("CAST(ts AS STRING)", "2023-11-14 22:00:00")]
    [InlineData("CASE WHEN running THEN serial ELSE 'off' END", " Pump-Ä7 ")]
    [InlineData("COALESCE(NULLIF(serial, serial), 'none')", "none")]
    [InlineData("LAST_VALUE(serial) OVER w", " Pump-Ä7 ")]
    public void Makes_texts(string expression, string? expected)
    {
        var test = expected is null ? $"{expression} IS NULL" : $"{expression} = '{expected.Replace("'", "''", StringComparison.Ordinal)}'";
        Assert.Equal(1, Assert.Single(Evaluate($"IF({test}, 1, 0)", " Pump-Ä7 ")));
    }

    [Theory]
    [InlineData("CHAR_LENGTH(serial)", 9)]
    [InlineData("CHAR_LENGTH('a😀b')", 3)]
    [InlineData("ASCII('Ab')", 65)]
    [InlineData("POSITION('ump' IN serial)", 3)]
    [InlineData("LOCATE('p', 'apap', 3)", 4)]
    [InlineData("LOCATE('x', serial)", 0)]
    [InlineData("INSTR(serial, 'Ä')", 7)]
    [InlineData("IF(serial LIKE '%Pump_Ä7%', 1, 0)", 1)]
    [InlineData("IF(serial NOT LIKE 'Pump%', 1, 0)", 1)]
    [InlineData("IF('abc' LIKE 'a_', 1, 0) + IF('ab' LIKE 'a_', 1, 0)", 1)]
    [InlineData("IF('R😀N' LIKE 'R_N', 1, 0) + IF('R😀N' LIKE 'R__N', 1, 0)", 1)]
    [InlineData("IF('50%' LIKE '50!%' ESCAPE '!', 1, 0)", 1)]
    [InlineData("IF('505' LIKE '50!%' ESCAPE '!', 1, 0)", 0)]
    [InlineData("IF('a.c' LIKE 'a.c', 1, 0) + IF('abc' LIKE 'a.c', 1, 0)", 1)]
    [InlineData("IF(REGEXP(serial, '^ *Pump-.[0-9] *$'), 1, 0)", 1)]
    [InlineData("IF(STARTSWITH(serial, ' P') AND ENDSWITH(serial, '7 '), 1, 0)", 1)]
    [InlineData("IF('{\"a\":1}' IS JSON AND serial IS NOT JSON, 1, 0)", 1)]
    [InlineData("IF(JSON_EXISTS('{\"a\":null}', '$.a') AND NOT JSON_EXISTS('{\"a\":null}', '$.b'), 1, 0)", 1)]
    [InlineData("IF('B' < 'a' AND 'b' > 'a' AND 'a' <= 'a', 1, 0)", 1)]
    [InlineData("CAST(' 4.5e1 ' AS DOUBLE)", 45)]
    [InlineData("CAST('4.9' AS DOUBLE) - CAST(-4.9 AS INT)", 8.9)]
    [InlineData("CAST('many' AS DOUBLE)", double.NaN)]
    [InlineData("CAST(300 AS TINYINT)", double.NaN)]
    [InlineData("IF(CAST('yes' AS BOOLEAN), 1, 0)", 1)]
    [InlineData("TIMESTAMPDIFF(MINUTE, CAST('2023-11-14T21:30:00Z' AS TIMESTAMP), ts)", 30)]
    [InlineData("COUNT(serial) OVER w", 1)]
    public void Reads_texts(string expression, double expected) => Assert.Equal(expected, Assert.Single(Evaluate(expression, " Pump-Ä7 ")), 12);

    [Theory]
    [InlineData("serial LIKE vibration", "written there")]
    [InlineData("REGEXP(serial, '(')", "no regular expression here")]
    [InlineData("REGEXP(serial, '(a)\\1')", "Look-around and back-references")]
    [InlineData("JSON_EXISTS(serial, 'a.b')", "'a.b' is no path")]
    [InlineData("UPPER(vibration) = 'A'", "UPPER expects a text, found a number")]
    [InlineData("CONCAT() = 'A'", "CONCAT takes at least 1 arguments, found 0")]
    [InlineData("LEFT(serial) = 'A'", "LEFT takes 2 arguments, found 1")]
    [InlineData("CAST(serial AS BLOB) = 'A'", "BLOB")]
    [InlineData("CAST(ts AS DOUBLE) = 1", "There is no cast from a time to DOUBLE")]
    [InlineData("serial ILIKE 'a'", "ILIKE is not part of the dialect")]
    [InlineData("serial LIKE 'a' ESCAPE 'ab'", "ESCAPE takes one letter")]
    [InlineData("device LIKE 'a%'", "A device is no text")]
    public void Refuses(string condition, string says)
    {
        var refusal = Pump.Refused($"INSERT INTO o\nSELECT device, ts, load FROM pump WHERE {condition}");
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
        Assert.StartsWith("2:", Assert.Single(refusal.Details).Where, StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_of_rows_are_values_like_others()
    {
        var values = Evaluate($"IF(serial = LAG(serial) OVER w, 1, 0) + 10 * IF(FIRST_VALUE(serial) OVER w = 'a', 1, 0)", "a", "a", "b", "b", null!, "b");
        Assert.Equal([10, 11, 10, 11, 0, 0], values);
    }

    [Fact]
    public void A_row_with_another_text_is_no_duplicate()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile("INSERT INTO o SELECT device, ts, CHAR_LENGTH(serial) AS n FROM pump"), sink);
        Push(flow, 0, "a");
        Push(flow, 0, "a");
        Push(flow, 0, "bb");
        Assert.Equal([1, 2], sink.Rows.Select(row => row.Values[0]));
        Assert.Equal(1, flow.Counters.Duplicates);
    }

    [Fact]
    public void An_alert_may_hang_on_a_text()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile("INSERT INTO alerts SELECT device, ts, 'fault' AS kind, load AS score FROM pump WHERE serial LIKE 'F%'"), sink);
        string[] states = ["ok", "F12", "ok", "ok", "ok"];
        for (var i = 0; i < states.Length; i++)
        {
            Push(flow, i, states[i]);
        }

        Assert.Equal(["raised", "cleared"], sink.Lines.Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public void What_nobody_keeps_is_let_go_of_and_what_windows_keep_is_not()
    {
        var sink = new RecordingSink();
        var limits = new PipelineLimits { TextsMax = 5_000 };
        var flow = Pump.Start(Pump.Compile($"INSERT INTO o SELECT device, ts, IF(LAG(serial, 2) OVER w = FIRST_VALUE(serial) OVER w AND LEFT(LAG(serial, 2) OVER w, 1) = 'n', 1, 0) AS x FROM pump WINDOW {Hour}", limits), sink);
        for (var i = 0; i < 20_000; i++)
        {
            Push(flow, i, $"number {i}");
        }

        Assert.All(sink.Rows.Skip(2), row => Assert.Equal(1, row.Values[0]));
        Assert.Equal(0, flow.Counters.TextsRefused);
    }

    [Fact]
    public void Too_many_and_too_long_texts_are_null_and_counted()
    {
        var sink = new RecordingSink();
        var limits = new PipelineLimits { TextsMax = 100, TextCharsMax = 16 };
        var flow = Pump.Start(Pump.Compile("INSERT INTO o SELECT device, ts, COUNT(serial) OVER (PARTITION BY device ORDER BY ts ROWS BETWEEN 999 PRECEDING AND CURRENT ROW) AS n FROM pump", limits), sink);
        for (var i = 0; i < 120; i++)
        {
            Push(flow, i, $"n{i}");
        }

        Push(flow, 120, new string('x', 17));
        Push(flow, 121, "n7");
        Assert.Equal([100, 100, 101], sink.Rows.Skip(119).Select(row => row.Values[0]));
        Assert.True(flow.Counters.TextsRefused >= 21, $"{flow.Counters}");
    }

    [Fact]
    public void Restored_texts_are_the_texts_they_were_whatever_else_the_plan_says()
    {
        const string Sql = "INSERT INTO o SELECT device, ts, IF(LAG(serial, 2) OVER w = 'a', 1, 0) + 10 * IF(FIRST_VALUE(serial) OVER ever = 'first', 1, 0) + 100 * IF(LAST_VALUE(serial) OVER w < 'b', 1, 0) AS x FROM pump WINDOW "
            + Hour + ", ever AS (PARTITION BY device ORDER BY ts)";
        var more = "INSERT INTO more SELECT device, ts, IF(serial = 'zz' OR serial = 'yy' OR serial = 'xx', 1, 0) AS y FROM pump; " + Sql;
        var random = new Random(TestSize.Seed);
        string[] texts = ["first", .. Enumerable.Range(0, 40).Select(_ => new[] { "a", "b", "xx", "c" }[random.Next(4)])];
        var whole = new RecordingSink();
        var flow = Pump.Start(Pump.Compile($"SET 'pilotage.lateness' = '2 h'; {Sql}"), whole);
        for (var i = 0; i < texts.Length; i++)
        {
            Push(flow, i, texts[i]);
        }

        for (var cut = 1; cut < texts.Length; cut++)
        {
            var sink = new RecordingSink();
            var killed = Pump.Start(Pump.Compile($"SET 'pilotage.lateness' = '2 h'; {Sql}"), sink);
            for (var i = 0; i < cut; i++)
            {
                Push(killed, i, texts[i]);
            }

            var saved = new ArrayBufferWriter<byte>();
            killed.Checkpoint(saved);
            var restored = Pump.Start(Pump.Compile($"SET 'pilotage.lateness' = '2 h'; {more}"), sink);
            Assert.True(restored.Restore(saved.WrittenSpan).IsOk);
            for (var i = cut; i < texts.Length; i++)
            {
                Push(restored, i, texts[i]);
            }

            Assert.Equal(whole.Rows.Select(row => row.Values[0]), sink.Rows.Zip(sink.Lines).Where(both => both.Second.StartsWith("o ", StringComparison.Ordinal)).Select(both => both.First.Values[0]));
        }
    }

    [Fact]
    public void A_question_groups_and_orders_by_texts()
    {
        var outcome = QueryCompiler.Compile(
            "SELECT serial, COUNT(*) AS n, MAX(vibration) AS top FROM pump WHERE serial <> 'x' GROUP BY serial ORDER BY serial DESC", [Pump.Thing], Pump.StartNs, _ => Pump.First, new());
        Assert.True(outcome.IsOk, outcome.IsOk ? "" : outcome.Refusal.ToString());
        var sink = new Told();
        var flow = Dataflow.StartQuery(outcome.Value, sink, TimeProvider.System);
        string?[] serials = ["b", "a", "x", "b", null, "c"];
        for (var i = 0; i < serials.Length; i++)
        {
            flow.Push(outcome.Value, Pump.First, Pump.StartNs + i, Pump.Row(i), Texts(serials[i]));
        }

        flow.End(Pump.First);
        flow.Complete();
        Assert.Equal(["c 1 5", "b 2 3", "a 1 1"], sink.Rows);
    }

    [Theory]
    [InlineData("SELECT device, ts, load, vibration FROM pump WHERE serial = 'RUN'", true)]
    [InlineData("SELECT device, ts, load, IF(serial LIKE 'R%', vibration, 0) AS vibration FROM pump", true)]
    [InlineData("SELECT device, ts, load, COUNT(serial) OVER (PARTITION BY device ORDER BY ts) AS vibration FROM pump", true)]
    [InlineData("SELECT device, ts, load, vibration FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY device, serial ORDER BY ts) AS n FROM pump) WHERE n = 1", true)]
    [InlineData("SELECT * FROM pump", false)]
    [InlineData("SELECT device, ts, load, vibration, UPPER(serial) AS s FROM pump WHERE load > 1", false)]
    public void A_model_is_not_taught_by_what_a_text_had_a_say_in(string view, bool isRefused)
    {
        var plan = Pump.Compile($"""
            CREATE VIEW v AS {view};
            INSERT INTO o SELECT device, ts, vib_norm FROM ML_PREDICT(TABLE v, MODEL regime, DESCRIPTOR(load, vibration));
            """);
        var started = Dataflow.StartFeatures(plan, "regime", Pump.Models(), new NoFeatures(), TimeProvider.System);
        Assert.Equal(isRefused ? "pipeline.text_before_model" : null, started.IsOk ? null : started.Refusal.Code);
    }

    [Fact]
    public void A_star_into_a_series_leaves_texts_out() =>
        Assert.DoesNotContain("serial", Assert.Single(Pump.Compile("INSERT INTO o SELECT * FROM pump").Targets).Columns.Select(column => column.Name));

    private static string?[] Texts(string? serial)
    {
        var texts = new string?[Serial + 1];
        texts[Serial] = serial;
        return texts;
    }

    private static void Push(Dataflow flow, int hour, string? serial) => flow.Push(0, Pump.First, Pump.StartNs + (hour * Pump.HourNs), Pump.Row(4), Texts(serial), hour);

    private static double[] Evaluate(string expression, params string[] serials)
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile($"INSERT INTO o SELECT device, ts, {expression} AS x FROM pump WINDOW {Hour}"), sink);
        for (var i = 0; i < serials.Length; i++)
        {
            flow.Push(0, Pump.First, Pump.StartNs + (i * Pump.HourNs), Pump.Row(4), Texts(serials[i]), i);
        }

        return [.. sink.Rows.Select(row => row.Values[0])];
    }

    private sealed class Told : IQuerySink
    {
        public List<string> Rows { get; } = [];

        public void Row(QueryRow row) => Rows.Add($"{(row.IsNull(0) ? "NULL" : row.Text(0))} {row.Number(1)} {row.Number(2)}");
    }

    private sealed class NoFeatures : IFeatureSink
    {
        public void Features(DeviceId device, long tsNs, ReadOnlySpan<float> features, long inputId)
        {
        }

        public void Rejected(DeviceId device, long tsNs, long inputId)
        {
        }
    }
}
