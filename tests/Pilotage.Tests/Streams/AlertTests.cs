using Xunit;

namespace Pilotage.Tests.Streams;

public sealed class AlertTests
{
    [Fact]
    public void Is_raised_once_cleared_with_hysteresis_and_raised_again()
    {
        // Raised below 7; held below 7.7 (10 %); cleared by the third row in a row at or above that.
        var events = Run("vibration < ${alarm_days}", "", 8, 6, 5, 7.5, 8, 8, 7.6, 8, 7.7, 9, 6);
        Assert.Equal(["raised@1 6", "cleared@9 9", "raised@10 6"], events);
    }

    [Fact]
    public void A_missing_value_neither_holds_nor_clears()
    {
        Assert.Equal(["raised@0 6", "cleared@5 9"], Run("vibration < 7", "", 6, 9, double.NaN, 9, double.NaN, 9));
    }

    [Fact]
    public void Margin_and_rows_can_be_set()
    {
        const string set = "SET 'pilotage.alert.clear-rows' = '1'; SET 'pilotage.alert.clear-margin' = '0';";
        Assert.Equal(["raised@0 6", "cleared@1 7", "raised@2 6.9"], Run("vibration < 7", set, 6, 7, 6.9));
    }

    [Theory]
    [InlineData("vibration > 10", 11, 9.5, 8.9)]
    [InlineData("10 < vibration", 11, 9.5, 8.9)]
    [InlineData("NOT vibration <= 10", 11, 9.5, 8.9)]
    [InlineData("vibration > 10 AND running", 11, 9.5, 8.9)]
    [InlineData("vibration < 10", 9, 10.5, 11.1)]
    [InlineData("vibration < -10", -11, -9.5, -8.9)]
    [InlineData("vibration BETWEEN 10 AND 20", 15, 9.5, 8.9)]
    public void The_margin_lies_beyond_the_threshold_whichever_way_it_faces(string condition, double raises, double holds, double clears)
    {
        Assert.Equal(["raised@0 " + raises], Run(condition, "", raises, holds, holds, holds, holds));
        Assert.Equal(["raised@0 " + raises, "cleared@3 " + clears], Run(condition, "", raises, clears, clears, clears));
    }

    [Fact]
    public void Kinds_are_raised_apart()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile("""
            SET 'pilotage.alert.clear-rows' = '1';
            INSERT INTO alerts SELECT device, ts, CASE WHEN vibration > 10 THEN 'high' ELSE 'low' END AS kind, vibration AS score
            FROM pump WHERE vibration > 10 OR vibration < 1
            """), sink);
        Assert.Equal(["high", "low"], Pump.Compile(
            "INSERT INTO alerts SELECT device, ts, CASE WHEN running THEN 'high' ELSE 'low' END AS kind, load AS score FROM pump").AlertKinds);
        double[] values = [11, 0, 12];
        for (var i = 0; i < values.Length; i++)
        {
            flow.Push(0, Pump.First, Pump.StartNs + i, Pump.Row(values[i]), i);
        }

        Assert.Equal(
            ["raised high", "cleared high", "raised low", "raised high", "cleared low"],
            sink.Lines.Select(line => line.Split(' ')).Select(words => $"{words[0]} {words[3]}"));
    }

    [Fact]
    public void Without_a_condition_every_device_seen_is_alerted_for_good()
    {
        Assert.Equal(["raised@0 1"], Run(null, "", 1, 2, 3, 4, 5));
    }

    [Fact]
    public void A_grouped_alert_is_conditioned_by_its_having()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile("""
            SET 'pilotage.alert.clear-rows' = '1';
            INSERT INTO alerts SELECT device, window_end AS ts, 'shaky' AS kind, AVG(vibration) AS score
            FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '2' HOUR) GROUP BY device, window_start, window_end HAVING AVG(vibration) > 5
            """), sink);
        double[] values = [1, 1, 9, 9, 9, 1, 1, 1, 1];
        for (var i = 0; i < values.Length; i++)
        {
            flow.Push(0, Pump.First, Pump.StartNs + (i * Pump.HourNs), Pump.Row(values[i]), i);
        }

        Assert.Equal(["raised 9", "cleared 1"], sink.Lines.Select(line => line.Split(' ')).Select(words => $"{words[0]} {words[4]}"));
    }

    private static List<string> Run(string? condition, string settings, params double[] values)
    {
        var sink = new RecordingSink();
        var where = condition is null ? "" : $" WHERE {condition}";
        var flow = Pump.Start(Pump.Compile(
            $"{settings} INSERT INTO alerts SELECT device, ts, 'k' AS kind, vibration AS score FROM pump{where}"), sink);
        for (var i = 0; i < values.Length; i++)
        {
            flow.Push(0, Pump.First, Pump.StartNs + (i * Pump.HourNs), Pump.Row(values[i]), i);
        }

        return [.. sink.Lines.Select(line => line.Split(' '))
            .Select(words => $"{words[0]}@{(long.Parse(words[2]) - Pump.StartNs) / Pump.HourNs} {words[4]}")];
    }
}
