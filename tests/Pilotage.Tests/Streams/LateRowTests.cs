using Pilotage.Core;
using Pilotage.Streams;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Tests.Streams;

/// <summary>Rows that come too late and are told.</summary>
public sealed class LateRowTests(ITestOutputHelper output)
{
    private const string Text = "SET 'pilotage.late' = 'late'; INSERT INTO o SELECT device, ts, load FROM pump";

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    public void Go_to_their_target_with_how_late_they_were(int latenessSeconds)
    {
        output.WriteLine($"seed {TestSize.Seed}");
        var rows = Disorder.Rows(new(TestSize.Seed + 17), TestSize.Count(400, 4_000), clock: true);
        var sql = $"SET 'pilotage.lateness' = '{latenessSeconds} s'; {Text}";
        var (watermarks, clock, expected) = (new Dictionary<DeviceId, long>(), long.MinValue, new List<(DeviceId, long, double, double, double)>());
        foreach (var row in rows)
        {
            if (row.Device is not { } device)
            {
                clock = Math.Max(clock, row.TimeNs);
                continue;
            }

            var reached = Math.Max(clock, watermarks.GetValueOrDefault(device, long.MinValue));
            if (row.TimeNs < reached)
            {
                expected.Add((device, row.TimeNs, row.Vibration, row.Values[5], (reached - row.TimeNs) / 1e9));
            }
            else
            {
                watermarks[device] = Math.Max(reached, row.TimeNs - (latenessSeconds * Disorder.SecondNs));
            }
        }

        var sink = Disorder.Run(sql, rows, out var counters);
        var late = sink.Rows.FindAll(row => row.Values.Length == 7);
        Assert.InRange(late.Count, 6, rows.Count / 2);
        Assert.Equal(counters.Late, late.Count);
        Assert.Equal(expected, late.Select(row => (row.Device, row.TimeNs, row.Values[0], row.Values[5], row.Values[6])));
        Disorder.IsTheSameKilledAnywhere(sql, rows.Take(120).ToList());
    }

    [Fact]
    public void Their_target_is_told_with_its_columns_and_the_state_of_others_stays()
    {
        var plan = Pump.Compile(Text);
        Assert.Equal("late", plan.LateTarget);
        Assert.Equal(
            "vibration mm/s, bearing_temp Cel, ambient Cel, load %, pressure bar, running , late_by s",
            string.Join(", ", plan.Targets.Single(target => target.Name == "late").Columns.Select(column => $"{column.Name} {column.Unit}")));
        Assert.Equal(Pump.Compile("INSERT INTO o SELECT device, ts, load FROM pump").Explain(), plan.Explain());
        Assert.Equal("an INSERT of its own of the rows WHERE ts <= CURRENT_WATERMARK(ts)", FlinkPortability.Check(Text).Value[0].Instead);
    }

    [Theory]
    [InlineData("SET 'pilotage.late' = ' '; INSERT INTO o SELECT device, ts, load FROM pump", "pipeline.type", "1:23", "the name of a series target")]
    [InlineData("SET 'pilotage.late' = 'alerts'; INSERT INTO o SELECT device, ts, load FROM pump", "pipeline.type", "1:23", "found 'alerts'")]
    [InlineData("SET 'pilotage.late' = 'o'; INSERT INTO o SELECT device, ts, load FROM pump", "pipeline.ambiguous", "1:23", "a target of their own")]
    [InlineData("SET 'pilotage.lat' = 'o'; INSERT INTO o SELECT device, ts, load FROM pump", "pipeline.unknown_setting", "1:1", "Did you mean pilotage.late?")]
    public void A_fault_is_told(string sql, string code, string where, string says) => Pump.IsRefused(sql, code, where, says);

    [Fact]
    public void Of_several_tables_or_of_a_table_with_such_a_column_they_are_refused()
    {
        var (motor, gear) = (new ThingSchema("motor", [new("x", null)]), new ThingSchema("gear", [new("late_by", null)]));
        const string both = "SET 'pilotage.late' = 'late'; INSERT INTO o SELECT device, ts, x FROM motor UNION ALL SELECT device, ts, late_by FROM gear";
        const string named = "SET 'pilotage.late' = 'late'; INSERT INTO o SELECT device, ts, late_by FROM gear";
        Assert.Equal("pipeline.unsupported", PipelineCompiler.Compile(both, [motor, gear], [], Pump.Parameters).Refusal.Code);
        Assert.Equal("pipeline.ambiguous", PipelineCompiler.Compile(named, [motor, gear], [], Pump.Parameters).Refusal.Code);
    }
}
