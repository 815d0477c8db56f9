using Pilotage.Streams;
using Xunit;

namespace Pilotage.Tests.Streams;

public sealed class ExpressionTests
{
    // Vibration is 4 in the row; load 50, pressure 3, bearing 60, ambient 20, running true.
    [Theory]
    [InlineData("vibration + 2 * 3 - 1", 9)]
    [InlineData("(vibration + 2) * 3", 18)]
    [InlineData("-vibration - -1", -3)]
    [InlineData("vibration / 8", 0.5)]
    [InlineData("vibration / 0", double.NaN)]
    [InlineData("vibration % 3", 1)]
    [InlineData("MOD(vibration, 3)", 1)]
    [InlineData("ABS(-vibration)", 4)]
    [InlineData("SQRT(vibration)", 2)]
    [InlineData("SQRT(-vibration)", double.NaN)]
    [InlineData("LN(EXP(vibration))", 4)]
    [InlineData("LN(0 * vibration)", double.NaN)]
    [InlineData("EXP(vibration * 1000)", double.NaN)]
    [InlineData("LOG10(vibration * 25)", 2)]
    [InlineData("LOG2(vibration)", 2)]
    [InlineData("POWER(vibration, 2)", 16)]
    [InlineData("POWER(NULLIF(vibration, 4), 0)", double.NaN)]
    [InlineData("LEAST(vibration, 7, 2)", 2)]
    [InlineData("GREATEST(vibration, 7, 2)", 7)]
    [InlineData("GREATEST(vibration, NULLIF(vibration, 4))", double.NaN)]
    [InlineData("COALESCE(NULLIF(vibration, 4), NULL, 9)", 9)]
    [InlineData("FLOOR(vibration / 3) + CEIL(vibration / 3)", 3)]
    [InlineData("ROUND(vibration / 8)", 1)]
    [InlineData("ROUND(vibration / 3, 2)", 1.33)]
    [InlineData("SIGN(-vibration)", -1)]
    [InlineData("SIN(0 * vibration) + COS(0 * vibration)", 1)]
    [InlineData("ATAN2(vibration, vibration) * 4 - PI()", 0)]
    [InlineData("CAST(vibration AS DOUBLE)", 4)]
    [InlineData("IF(vibration > 3, 1, 2)", 1)]
    [InlineData("CASE WHEN vibration > 5 THEN 1 WHEN vibration > 3 THEN 2 ELSE 3 END", 2)]
    [InlineData("CASE vibration WHEN 4 THEN 10 ELSE 20 END", 10)]
    [InlineData("CASE WHEN vibration > 5 THEN 1 END", double.NaN)]
    [InlineData("IF(vibration BETWEEN 4 AND 5, 1, 0)", 1)]
    [InlineData("IF(vibration NOT BETWEEN 4 AND 5, 1, 0)", 0)]
    [InlineData("IF(vibration IN (1, 2, 4), 1, 0)", 1)]
    [InlineData("IF(vibration NOT IN (1, 2, 4), 1, 0)", 0)]
    [InlineData("IF(vibration = 4 AND running, 1, 0)", 1)]
    [InlineData("IF(NOT running OR vibration <> 4, 1, 0)", 0)]
    [InlineData("IF(NULLIF(vibration, 4) IS NULL, 1, 0)", 1)]
    [InlineData("IF(vibration IS NOT NULL, 1, 0)", 1)]
    [InlineData("IF(NULLIF(vibration, 4) > 1, 1, 0)", 0)]
    [InlineData("IF(NOT NULLIF(vibration, 4) > 1, 1, 0)", 0)]
    [InlineData("IF(NULLIF(vibration, 4) > 1 OR TRUE, 1, 0)", 1)]
    [InlineData("IF(NULLIF(vibration, 4) > 1 AND FALSE, 0, 1)", 1)]
    [InlineData("IF((NULLIF(vibration, 4) > 1 AND running) IS NULL, 1, 0)", 1)]
    [InlineData("IF(CASE WHEN running THEN 'a' ELSE 'b' END = 'a', 1, 0)", 1)]
    [InlineData("bearing_temp - ambient", 40)]
    [InlineData("load * ${alarm_days}", 350)]
    [InlineData("`load` + pressure", double.NaN, "pipeline.unit")]
    public void Computes(string expression, double expected, string? refused = null)
    {
        if (refused is not null)
        {
            Assert.Equal(refused, Pump.Refused($"INSERT INTO o SELECT device, ts, {expression} AS x FROM pump").Code);
            return;
        }

        Assert.Equal(expected, Assert.Single(Pump.Evaluate(expression, 4)), 12);
    }

    [Fact]
    public void Measures_the_distance_of_times()
    {
        Assert.Equal([0, 1, 2], Pump.Evaluate("TIMESTAMPDIFF(HOUR, FIRST_VALUE(ts) OVER w, ts)", 1, 1, 1));
        Assert.Equal([double.NaN, 60], Pump.Evaluate("TIMESTAMPDIFF(MINUTE, LAG(ts) OVER w, ts)", 1, 1));
    }

    [Theory]
    [InlineData("bearing_temp - ambient", "K")]
    [InlineData("bearing_temp + (ambient - ambient)", "Cel")]
    [InlineData("vibration * vibration", "(mm/s).(mm/s)")]
    [InlineData("vibration + 1", "mm/s")]
    [InlineData("vibration * 2", null)]
    [InlineData("vibration / (0.7 + 0.004 * load)", null)]
    [InlineData("vibration / vibration", "1")]
    [InlineData("pressure / load", "bar/%")]
    [InlineData("SQRT(pressure)", null)]
    [InlineData("AVG(pressure) OVER w", "bar")]
    [InlineData("COUNT(*) OVER w", null)]
    [InlineData("REGR_SLOPE(pressure, ts) OVER w", "bar/s")]
    [InlineData("CASE WHEN running THEN pressure ELSE 0 END", "bar")]
    [InlineData("TIMESTAMPDIFF(HOUR, ts, ts)", "h")]
    public void Carries_units(string expression, string? unit)
    {
        var plan = Pump.Compile($"INSERT INTO o SELECT device, ts, {expression} AS x FROM pump " +
            "WINDOW w AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)");
        Assert.Equal(unit, plan.Targets[0].Columns[0].Unit);
    }

    [Theory]
    [InlineData("m/s", "mm/ms", true)]
    [InlineData("/min", "1/min", true)]
    [InlineData("1", "{cycles}", true)]
    [InlineData("kW/%", "kW/%", true)]
    [InlineData("h", "min", false)]
    [InlineData("Cel", "K", false)]
    [InlineData("bar", "K", false)]
    [InlineData("furlong", "furlong", true)]
    [InlineData("furlong", "m", false)]
    public void Spellings_of_one_unit_are_one(string left, string right, bool one)
    {
        var thing = new ThingSchema("t", [new("a", left), new("b", right)]);
        var outcome = PipelineCompiler.Compile("INSERT INTO o SELECT device, ts, IF(a > b, 1, 0) AS x FROM t", [thing], [], Pump.Parameters);
        Assert.Equal(one ? null : "pipeline.unit", outcome.IsOk ? null : outcome.Refusal.Code);
    }

    [Fact]
    public void A_number_that_is_none_is_null()
    {
        Assert.Equal([double.NaN, double.NaN, 1], Pump.Evaluate("vibration", double.PositiveInfinity, double.NaN, 1));
    }
}
