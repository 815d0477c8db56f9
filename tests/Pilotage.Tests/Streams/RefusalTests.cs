using Xunit;

namespace Pilotage.Tests.Streams;

public sealed class RefusalTests
{
    private const string Windowed = " FROM pump WINDOW w AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)";

    [Theory]
    [InlineData("INSERT INTO o SELECT device, ts, vibratoin AS x FROM pump", "pipeline.unknown_column", "1:34", "Did you mean vibration?")]
    [InlineData("INSERT INTO o SELECT device, ts, load\n  FROM pmup", "pipeline.unknown_table", "2:8", "Did you mean pump?")]
    [InlineData("INSERT INTO o SELECT device, ts, SQTR(load) AS x FROM pump", "pipeline.unknown_function", "1:34", "Did you mean SQRT?")]
    [InlineData("INSERT INTO o SELECT device, ts, load * ${alarm_day} AS x FROM pump", "pipeline.unknown_parameter", "1:41", "Did you mean alarm_days?")]
    [InlineData("INSERT INTO o SELECT * FROM ML_PREDICT(TABLE pump, MODEL regim, DESCRIPTOR(load, vibration))", "pipeline.unknown_model", "1:58", "Did you mean regime?")]
    [InlineData("INSERT INTO o SELECT device, ts, serial FROM pump", "pipeline.type", "1:15", "serial is a text")]
    [InlineData("INSERT INTO o SELECT device, ts, q.load FROM pump p", "pipeline.unknown_table", "1:34", "'q'")]
    [InlineData("INSERT INTO o SELECT device, ts, AVG(load) OVER v AS x" + Windowed, "pipeline.unknown_window", "1:44", "Did you mean w?")]
    [InlineData("SELECT 1", "pipeline.syntax", "1:1", "Expected CREATE, INSERT, SET")]
    [InlineData("INSRT INTO o SELECT device FROM pump", "pipeline.syntax", "1:1", "Did you mean INSERT?")]
    [InlineData("INSERT INTO o SELECT device, ts, load FORM pump", "pipeline.syntax", "1:44", "Expected FROM")]
    [InlineData("INSERT INTO o SELECT device, ts, (load FROM pump", "pipeline.syntax", "1:40", "Expected ')'")]
    [InlineData("INSERT INTO o SELECT device, ts, load + AS x FROM pump", "pipeline.syntax", "1:41", "Expected an expression")]
    [InlineData("INSERT INTO o SELECT device, ts, 'abc AS x FROM pump", "pipeline.syntax", "1:34", "never closed")]
    [InlineData("INSERT INTO o SELECT device, ts, load + 1 FROM pump", "pipeline.syntax", "1:34", "needs a name")]
    [InlineData("CREATE VIEW v AS SELECT device, ts FROM pump", "pipeline.syntax", "1:1", "at least one INSERT")]
    [InlineData("INSERT INTO o SELECT device, ts, load # 2 AS x FROM pump", "pipeline.syntax", "1:39", "'#'")]
    [InlineData("INSERT INTO o SELECT device, ts, load + 'a' AS x FROM pump", "pipeline.type", "1:41", "found a text")]
    [InlineData("INSERT INTO o SELECT device, ts, ts + 1 AS x FROM pump", "pipeline.type", "1:37", "TIMESTAMPDIFF")]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump WHERE load", "pipeline.type", "1:55", "expects a condition")]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump WHERE AVG(load) > 1", "pipeline.type", "1:55", "in WHERE")]
    [InlineData("INSERT INTO o SELECT device, ts, AVG(load) AS x FROM pump", "pipeline.type", "1:34", "needs OVER")]
    [InlineData("INSERT INTO o SELECT device, ts, POWER(load) AS x FROM pump", "pipeline.type", "1:34", "takes 2 arguments")]
    [InlineData("INSERT INTO o SELECT device, ts, CASE WHEN running THEN load ELSE 'no' END AS x FROM pump", "pipeline.type", "1:67", "Cannot mix")]
    [InlineData("INSERT INTO o SELECT device, load FROM pump", "pipeline.type", "1:15", "called ts")]
    [InlineData("INSERT INTO alerts SELECT device, ts, 'k' AS kind FROM pump", "pipeline.type", "1:20", "called score")]
    [InlineData("INSERT INTO alerts SELECT device, ts, 'k' AS kind, load AS score, load FROM pump", "pipeline.type", "1:67", "not load")]
    [InlineData("INSERT INTO o SELECT * FROM ML_PREDICT(TABLE pump, MODEL regime, DESCRIPTOR(load))", "pipeline.type", "1:77", "takes 2 inputs")]
    [InlineData("INSERT INTO o SELECT * FROM ML_PREDICT(TABLE pump, MODEL regime, DESCRIPTOR(vibration, load))", "pipeline.type", "1:77", "out of order")]
    [InlineData("INSERT INTO o SELECT device, ts, bearing_temp + pressure AS x FROM pump", "pipeline.unit", "1:47", "Cel and bar")]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump WHERE load > pressure", "pipeline.unit", "1:60", "% and bar")]
    [InlineData("INSERT INTO o SELECT device, ts, GREATEST(load, pressure) AS x FROM pump", "pipeline.unit", "1:49", "% and bar")]
    [InlineData(
        "CREATE VIEW f AS SELECT device, ts, load, pressure AS vib_rms, bearing_temp AS temp_rise FROM pump; "
            + "INSERT INTO o SELECT * FROM ML_PREDICT(TABLE f, MODEL bearing_rul, DESCRIPTOR(vib_rms, temp_rise, load))",
        "pipeline.unit",
        "1:179",
        "in mm/s")]
    [InlineData("INSERT INTO o SELECT device, ts, load, vibration AS load FROM pump", "pipeline.ambiguous", "1:40", "called load")]
    [InlineData("CREATE VIEW pump AS SELECT device, ts FROM pump", "pipeline.ambiguous", "1:13", "already")]
    [InlineData("INSERT INTO alerts SELECT device, ts, 'k' AS kind, load AS score FROM pump; INSERT INTO alerts SELECT device, ts, 'k' AS kind, load AS score FROM pump", "pipeline.ambiguous", "1:115", "'k'")]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump JOIN pump", "pipeline.unsupported", "1:49", "JOIN")]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump ORDER BY ts", "pipeline.unsupported", "1:49", "ORDER")]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump UNION SELECT device, ts, load FROM pump", "pipeline.unsupported", "1:49", "UNION ALL")]
    [InlineData("INSERT INTO o SELECT DISTINCT load FROM pump", "pipeline.unsupported", "1:22", "DISTINCT")]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump GROUP BY device", "pipeline.unsupported", "1:58", "TUMBLE or HOP")]
    [InlineData("INSERT INTO o SELECT device, ts, load FROM pump WHERE device = 'a'", "pipeline.type", "1:62", "Cannot compare")]
    [InlineData("INSERT INTO o SELECT device, ts, AVG(load) OVER (PARTITION BY load ORDER BY ts) AS x FROM pump", "pipeline.unsupported", "1:63", "PARTITION BY device")]
    [InlineData("INSERT INTO o SELECT device, ts, AVG(load) OVER (PARTITION BY device ORDER BY load) AS x FROM pump", "pipeline.type", "1:79", "event time")]
    [InlineData("INSERT INTO alerts SELECT device, ts, 'k' AS kind, AVG(load) OVER (PARTITION BY device ORDER BY ts) AS score FROM pump WHERE load > 1", "pipeline.unsupported", "1:131", "view of their own")]
    [InlineData("SET 'pilotage.latenes' = '1 s'; INSERT INTO o SELECT device, ts, load FROM pump", "pipeline.unknown_setting", "1:1", "Did you mean pilotage.lateness?")]
    public void Says_where_and_what(string sql, string code, string where, string says)
    {
        var refusal = Pump.Refused(sql);
        Assert.Equal((code, where), (refusal.Code, Assert.Single(refusal.Details).Where));
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
        Assert.StartsWith(where, refusal.Message, StringComparison.Ordinal);
    }
}
