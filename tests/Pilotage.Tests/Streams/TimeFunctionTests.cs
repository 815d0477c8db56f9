using System.Globalization;
using Pilotage.Core;
using Pilotage.Streams;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Tests.Streams;

/// <summary>Functions of times and numbers, by the examples of Flink's documentation and against .NET's calendar and zones.</summary>
public sealed class TimeFunctionTests(ITestOutputHelper output)
{
    private static readonly string[] Fields = ["YEAR", "QUARTER", "MONTH", "WEEK", "DAYOFYEAR", "DAYOFMONTH", "DAYOFWEEK", "HOUR", "MINUTE", "SECOND"];
    private static readonly string[] Steps = ["SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"];

    // The time of the row is 2023-11-14 22:00, a Tuesday; vibration is 4.
    [Theory]
    [InlineData("YEAR(TIMESTAMP '1994-09-27')", 1994)]
    [InlineData("QUARTER(TIMESTAMP '1994-09-27')", 3)]
    [InlineData("MONTH(TIMESTAMP '1994-09-27')", 9)]
    [InlineData("WEEK(TIMESTAMP '1994-09-27')", 39)]
    [InlineData("DAYOFYEAR(TIMESTAMP '1994-09-27')", 270)]
    [InlineData("DAYOFMONTH(TIMESTAMP '1994-09-27')", 27)]
    [InlineData("DAYOFWEEK(TIMESTAMP '1994-09-27')", 3)]
    [InlineData("HOUR(TIMESTAMP '1994-09-27 13:14:15')", 13)]
    [InlineData("MINUTE(TIMESTAMP '1994-09-27 13:14:15')", 14)]
    [InlineData("SECOND(TIMESTAMP '1994-09-27 13:14:15')", 15)]
    [InlineData("EXTRACT(DAY FROM TIMESTAMP '2006-06-05')", 5)]
    [InlineData("EXTRACT(DOW FROM ts) * 10 + EXTRACT(ISODOW FROM ts)", 32)]
    [InlineData("EXTRACT(hour FROM ts)", 22)]
    [InlineData("IF(FLOOR(TIMESTAMP '2024-05-01 12:44:31' TO MINUTE) = TIMESTAMP '2024-05-01 12:44:00', 1, 0)", 1)]
    [InlineData("IF(CEIL(TIMESTAMP '2024-05-01 12:44:31' TO MINUTE) = TIMESTAMP '2024-05-01 12:45:00', 1, 0)", 1)]
    [InlineData("IF(FLOOR(TIMESTAMP '2024-05-01 12:44:31' TO WEEK) = TIMESTAMP '2024-04-28', 1, 0)", 1)]
    [InlineData("IF(TIMESTAMPADD(WEEK, 1, TIMESTAMP '2003-01-02') = TIMESTAMP '2003-01-09', 1, 0)", 1)]
    [InlineData("IF(TIMESTAMPADD(MONTH, 1, TIMESTAMP '2024-01-31') = TIMESTAMP '2024-02-29', 1, 0)", 1)]
    [InlineData("IF(TIMESTAMPADD(HOUR, -vibration, ts) = TIMESTAMP '2023-11-14 18:00:00', 1, 0)", 1)]
    [InlineData("IF(TIMESTAMPADD(YEAR, 1000, ts) IS NULL, 1, 0)", 1)]
    [InlineData("IF(TIMESTAMPADD(DAY, -30000, ts) IS NULL, 1, 0)", 1)]
    [InlineData("TIMESTAMPDIFF(MINUTE, ts, ts + INTERVAL '90' MINUTE - INTERVAL '1' HOUR)", 30)]
    [InlineData("IF(TO_TIMESTAMP_LTZ(100, 0) = TIMESTAMP '1970-01-01 00:01:40', 1, 0)", 1)]
    [InlineData("IF(TO_TIMESTAMP_LTZ(100, 3) = TIMESTAMP '1970-01-01 00:00:00.1', 1, 0)", 1)]
    [InlineData("IF(TO_TIMESTAMP_LTZ(1699999200.25, 0) = ts + INTERVAL '0.25' SECOND, 1, 0)", 1)]
    [InlineData("IF(TO_TIMESTAMP_LTZ(-1, 0) IS NULL, 1, 0)", 1)]
    [InlineData("UNIX_TIMESTAMP(ts) - 1699999200", 0)]
    [InlineData("HOUR(ts AT TIME ZONE 'Europe/Berlin')", 23)]
    [InlineData("DAYOFMONTH(ts AT TIME ZONE 'Asia/Tokyo')", 15)]
    [InlineData("IF(DATE_FORMAT(ts, 'yyyy-MM-dd HH:mm') = '2023-11-14 22:00', 1, 0)", 1)]
    [InlineData("IF(DATE_FORMAT(ts AT TIME ZONE 'Asia/Kolkata', 'EEE d MMMM yy, h:mm a ''Uhr''.SSS') = 'Wed 15 November 23, 3:30 AM Uhr.000', 1, 0)", 1)]
    [InlineData("IF(DATE_FORMAT(NULLIF(ts, ts), 'yyyy') IS NULL, 1, 0)", 1)]
    [InlineData("DEGREES(RADIANS(vibration * 45))", 180)]
    [InlineData("SINH(vibration) - (EXP(vibration) - EXP(-vibration)) / 2", 0)]
    [InlineData("COSH(vibration) - (EXP(vibration) + EXP(-vibration)) / 2", 0)]
    [InlineData("TANH(vibration) - SINH(vibration) / COSH(vibration)", 0)]
    [InlineData("COT(vibration) * TAN(vibration)", 1)]
    [InlineData("COT(0 * vibration)", double.NaN)]
    [InlineData("LOG(E())", 1)]
    [InlineData("LOG(2, vibration)", 2)]
    [InlineData("LOG(10, vibration * 250)", 3)]
    [InlineData("LOG(1, vibration)", double.NaN)]
    [InlineData("TRUNCATE(42.324, 2)", 42.32)]
    [InlineData("TRUNCATE(42.324)", 42)]
    [InlineData("TRUNCATE(-42.324, -1)", -40)]
    [InlineData("TRUNCATE(vibration * 0.2875, 2)", 1.15)]
    public void Compute(string expression, double expected)
    {
        Assert.Equal(expected, Assert.Single(Pump.Evaluate(expression, 4)), 12);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Europe/Berlin")]
    [InlineData("America/New_York")]
    [InlineData("Australia/Lord_Howe")]
    [InlineData("Asia/Kolkata")]
    public void Agree_with_the_calendar_and_the_zones_of_the_machine(string zone)
    {
        output.WriteLine($"seed {TestSize.Seed}");
        var random = new Random(TestSize.Seed);
        var rules = zone.Length == 0 ? TimeZoneInfo.Utc : TimeZoneInfo.FindSystemTimeZoneById(zone);
        var ts = zone.Length == 0 ? "ts" : $"ts AT TIME ZONE '{zone}'";
        var sink = new RecordingSink();
        var columns = Fields.Select(field => $"{field}({ts}) AS {field.ToLowerInvariant()}1")
            .Concat(Steps.SelectMany(step => new[] { $"UNIX_TIMESTAMP(FLOOR({ts} TO {step})) AS f_{step}", $"UNIX_TIMESTAMP(CEIL({ts} TO {step})) AS c_{step}" }));
        var flow = Pump.Start(Pump.Compile($"INSERT INTO o SELECT device, ts, {string.Join(", ", columns)} FROM pump"), sink);
        foreach (var time in Times(random, TestSize.Count(400, 20_000), rules).Order())
        {
            flow.Push(0, Pump.First, (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100, Pump.Row(time.UtcTicks % 1_000_003), 1);
            var local = TimeZoneInfo.ConvertTime(time, rules);
            double[] expected =
            [
                local.Year, ((local.Month - 1) / 3) + 1, local.Month, ISOWeek.GetWeekOfYear(local.DateTime), local.DayOfYear, local.Day, (int)local.DayOfWeek + 1, local.Hour, local.Minute, local.Second,
                .. Steps.SelectMany(step => new[] { Floor(local, step, rules), Ceil(local, step, rules) }).Select(edge => (double)edge.ToUnixTimeSeconds()),
            ];
            var found = sink.Rows[^1].Values;
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.True(expected[i] == found[i], $"{time:O} {zone}, column {i}: expected {expected[i]}, found {found[i]}");
            }
        }
    }

    [Fact]
    public void A_day_of_a_zone_begins_when_its_clock_shows_midnight()
    {
        // Summer time ended on 2026-10-25 at 03:00, which was 02:00 again: a day of 25 hours.
        Assert.Equal(25, Assert.Single(Pump.Evaluate("TIMESTAMPDIFF(HOUR, FLOOR(TIMESTAMP '2026-10-25 12:00:00' AT TIME ZONE 'Europe/Berlin' TO DAY), CEIL(TIMESTAMP '2026-10-25 12:00:00' AT TIME ZONE 'Europe/Berlin' TO DAY))", 1)));
        Assert.Equal(1, Assert.Single(Pump.Evaluate("IF(FLOOR(TIMESTAMP '2026-10-25 01:30:00' AT TIME ZONE 'Europe/Berlin' TO HOUR) = TIMESTAMP '2026-10-25 01:00:00', 1, 0)", 1)));
    }

    [Fact]
    public void A_question_knows_from_a_step_of_the_calendar_what_to_read()
    {
        var plan = QueryCompiler.Compile("SELECT load FROM pump WHERE ts >= FLOOR(NOW() AT TIME ZONE 'Europe/Berlin' TO DAY)", [Pump.Thing], Pump.StartNs, name => new DeviceId(name), new()).Value;
        Assert.Equal(Pump.StartNs - (23 * Pump.HourNs), plan.FirstNs);
    }

    [Theory]
    [InlineData("EXTRACT(FORTNIGHT FROM ts)", "pipeline.unknown_unit", "1:42", "to extract")]
    [InlineData("EXTRACT(HOUR ts)", "pipeline.syntax", "1:47", "FROM")]
    [InlineData("HOUR(load)", "pipeline.type", "1:39", "HOUR expects a time")]
    [InlineData("HOUR(ts, ts)", "pipeline.type", "1:34", "takes 1 arguments")]
    [InlineData("UNIX_TIMESTAMP(FLOOR(ts TO CENTURY))", "pipeline.unknown_unit", "1:61", "CENTURY")]
    [InlineData("UNIX_TIMESTAMP(FLOOR(load TO DAY))", "pipeline.type", "1:55", "found a number")]
    [InlineData("UNIX_TIMESTAMP()", "pipeline.unsupported", "1:34", "a replay could not give the same")]
    [InlineData("UNIX_TIMESTAMP(TIMESTAMPADD(EON, 1, ts))", "pipeline.syntax", "1:62", "MILLISECOND, SECOND")]
    [InlineData("UNIX_TIMESTAMP(TIMESTAMPADD(DAY, ts, ts))", "pipeline.type", "1:67", "found a time")]
    [InlineData("UNIX_TIMESTAMP(TO_TIMESTAMP_LTZ(load, 9))", "pipeline.type", "1:72", "0 for seconds or 3")]
    [InlineData("UNIX_TIMESTAMP(ts AT TIME ZONE 'Europe/Berlin')", "pipeline.unsupported", "1:52", "the same in every zone")]
    [InlineData("HOUR(ts AT TIME ZONE 'Europe/Berln')", "pipeline.type", "1:55", "no time zone")]
    [InlineData("HOUR(ts AT TIME ZONE '../../etc/passwd')", "pipeline.type", "1:55", "no time zone")]
    [InlineData("IF(ts AT TIME ZONE 'Europe/Berlin' > ts, 1, 0)", "pipeline.unsupported", "1:40", "the same everywhere")]
    [InlineData("IF(DATE_FORMAT(ts, 'yyyy-QQ') = 'x', 1, 0)", "pipeline.type", "1:53", "'Q'")]
    [InlineData("IF(DATE_FORMAT(ts, 'yyyy ''x') = 'x', 1, 0)", "pipeline.type", "1:53", "never closed")]
    [InlineData("IF(DATE_FORMAT(ts, load) = 'x', 1, 0)", "pipeline.type", "1:53", "that is written here")]
    [InlineData("RAND()", "pipeline.unsupported", "1:34", "a replay could not give the same")]
    [InlineData("LOG(1, 2, 3)", "pipeline.type", "1:34", "1 to 2 arguments")]
    [InlineData("load + INTERVAL '1' HOUR", "pipeline.type", "1:39", "An INTERVAL is added to a time")]
    [InlineData("INTERVAL '1' HOUR", "pipeline.type", "1:34", "An INTERVAL is added to a time")]
    public void A_fault_is_told(string expression, string code, string where, string says) =>
        Pump.IsRefused($"INSERT INTO o SELECT device, ts, {expression} AS x FROM pump", code, where, says);

    [Fact]
    public void Are_spelled_as_they_are_written_where_an_input_of_a_model_is_explained()
    {
        const string sql = "CREATE VIEW f AS SELECT device, ts, COUNT(DISTINCT load) OVER w AS vib_rms, HOUR(ts AT TIME ZONE 'Europe/Berlin') AS temp_rise, "
            + "UNIX_TIMESTAMP(FLOOR(ts TO DAY)) + EXTRACT(DAY FROM ts) + TIMESTAMPDIFF(HOUR, ts, ts) AS load FROM pump WINDOW w AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW); "
            + "INSERT INTO o SELECT * FROM ML_PREDICT(TABLE f, MODEL bearing_rul, DESCRIPTOR(vib_rms, temp_rise, load))";
        var origins = FeatureOrigins.Of(sql, [Pump.Rul]);
        Assert.Equal(
            [
                "COUNT(DISTINCT load) OVER (PARTITION BY device ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)",
                "HOUR(ts AT TIME ZONE 'Europe/Berlin')",
                "(UNIX_TIMESTAMP(FLOOR(ts TO DAY)) + EXTRACT(DAY FROM ts)) + TIMESTAMPDIFF(HOUR, ts, ts)",
            ],
            origins.Select(origin => origin.Expression));
        Assert.Empty(origins[2].Properties);
    }

    [Fact]
    public void What_Flink_lacks_of_them_is_told_by_its_place()
    {
        var notes = FlinkPortability.Check("INSERT INTO o SELECT device, window_end AS ts, MEDIAN(load) AS m, MAX(HOUR(ts AT TIME ZONE 'UTC')) AS h "
            + "FROM SESSION(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY device, window_start, window_end").Value;
        Assert.Equal([(48, "MEDIAN"), (79, "AT TIME ZONE"), (110, "SESSION of each device")], notes.Select(note => (note.Column, note.What)));
    }

    [Fact]
    public void Reading_a_clock_allocates_nothing()
    {
        var flow = Pump.Start(Pump.Compile("INSERT INTO o SELECT device, ts, HOUR(ts AT TIME ZONE 'Europe/Berlin') AS h, UNIX_TIMESTAMP(FLOOR(ts AT TIME ZONE 'Europe/Berlin' TO DAY)) AS d, WEEK(ts) AS w FROM pump "
            + "WHERE DATE_FORMAT(ts, 'HH') <> 'x'"), new SilentSink());
        var row = Pump.Row(1);
        for (var i = 0; i < 100; i++)
        {
            flow.Push(0, Pump.First, Pump.StartNs + (i * Pump.HourNs), row, i);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 100; i < 1_100; i++)
        {
            flow.Push(0, Pump.First, Pump.StartNs + (i * Pump.HourNs), row, i);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    // Many about the changes of the clock, which are at the ends of March and October or of other months.
    private static IEnumerable<DateTimeOffset> Times(Random random, int count, TimeZoneInfo rules)
    {
        for (var i = 0; i < count; i++)
        {
            var time = new DateTimeOffset(1971, 1, 10, 0, 0, 0, TimeSpan.Zero).AddSeconds(random.NextInt64(0, 250L * 365 * 86_400)).AddTicks(random.Next(10_000_000));
            yield return time;
            for (var step = TimeSpan.FromDays(64); i % 4 == 0 && step > TimeSpan.FromSeconds(1) && rules.GetUtcOffset(time) != rules.GetUtcOffset(time.AddDays(64)); step /= 2)
            {
                time = rules.GetUtcOffset(time) == rules.GetUtcOffset(time + step) ? time + step : time;
                yield return time + (random.NextDouble() * TimeSpan.FromHours(3));
            }
        }
    }

    private static DateTimeOffset Floor(DateTimeOffset local, string step, TimeZoneInfo rules)
    {
        if (step is "SECOND" or "MINUTE" or "HOUR")
        {
            return new(local.Ticks - (local.Ticks % LengthOf(step).Ticks), local.Offset);
        }

        var day = local.Date;
        day = step switch
        {
            "WEEK" => day.AddDays(-(int)day.DayOfWeek),
            "MONTH" => new(day.Year, day.Month, 1),
            "QUARTER" => new(day.Year, ((day.Month - 1) / 3 * 3) + 1, 1),
            "YEAR" => new(day.Year, 1, 1),
            _ => day,
        };
        return First(day, rules);
    }

    private static DateTimeOffset Ceil(DateTimeOffset local, string step, TimeZoneInfo rules)
    {
        var floor = Floor(local, step, rules);
        if (floor == local || step is "SECOND" or "MINUTE" or "HOUR")
        {
            return floor == local ? local : floor + LengthOf(step);
        }

        var day = TimeZoneInfo.ConvertTime(floor, rules).Date;
        return First(step switch { "WEEK" => day.AddDays(7), "MONTH" => day.AddMonths(1), "QUARTER" => day.AddMonths(3), "YEAR" => day.AddYears(1), _ => day.AddDays(1) }, rules);
    }

    private static TimeSpan LengthOf(string step) => step switch { "SECOND" => TimeSpan.FromSeconds(1), "MINUTE" => TimeSpan.FromMinutes(1), _ => TimeSpan.FromHours(1) };

    // The first quarter of an hour at which the clock shows that day; these clocks change at whole ones. Where one skips midnight, it is later.
    private static DateTimeOffset First(DateTime midnight, TimeZoneInfo rules)
    {
        var time = new DateTimeOffset(midnight, TimeSpan.Zero).AddHours(-16);
        while (TimeZoneInfo.ConvertTime(time, rules).DateTime < midnight)
        {
            time = time.AddMinutes(15);
        }

        return time;
    }
}
