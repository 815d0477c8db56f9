using Pilotage.Streams;
using Xunit;

namespace Pilotage.Tests.Streams;

public sealed class GoldenPipelineTests
{
    // The pipeline of the design: windows in a view, a model over it, an alert on its answer.
    private const string Sql = """
        -- pipeline.sql: a thing type is a table
        CREATE VIEW features AS
        SELECT device, ts, load, RMS(vibration) OVER w AS vib_rms, AVG(bearing_temp - ambient) OVER w AS temp_rise
        FROM pump WINDOW w AS (PARTITION BY device ORDER BY ts RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW);
        INSERT INTO alerts
        SELECT device, ts, 'bearing-wear' AS kind, rul_days AS score
        FROM ML_PREDICT(TABLE features, MODEL bearing_rul, DESCRIPTOR(vib_rms, temp_rise, load)) WHERE rul_days < ${alarm_days};
        """;

    [Fact]
    public void Computes_windows_asks_the_model_and_raises_one_alert()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile(Sql), sink);
        double[] vibration = [1, 2, 6, 8, 9];
        for (var i = 0; i < vibration.Length; i++)
        {
            flow.Push(0, Pump.First, Pump.StartNs + (i * Pump.HourNs), Pump.Row(vibration[i], bearing: 30), i);
        }

        // Two rows fit an hour, both ends included: rms of (v[i-1], v[i]); rise 10 K; rul = 30 - 2 rms - 10.
        var expected = vibration.Select((v, i) =>
            30 - (2 * (float)Math.Sqrt(((v * v) + (i == 0 ? v * v : vibration[i - 1] * vibration[i - 1])) / 2)) - 10).ToArray();
        var inferences = sink.Lines.Where(line => line.StartsWith("inference", StringComparison.Ordinal)).ToArray();
        Assert.Equal(5, inferences.Length);
        for (var i = 0; i < 5; i++)
        {
            Assert.Contains($" {BitConverter.SingleToInt32Bits(expected[i])} #{i}", inferences[i], StringComparison.Ordinal);
        }

        Assert.Equal([false, false, false, true, true], expected.Select(rul => rul < 7));
        var raised = Assert.Single(sink.Lines, line => line.StartsWith("raised", StringComparison.Ordinal));
        Assert.StartsWith($"raised pump-1 {Pump.StartNs + (3 * Pump.HourNs)} bearing-wear {(double)expected[3]:R}", raised, StringComparison.Ordinal);
    }

    [Fact]
    public void Tells_what_it_reads_asks_and_gives()
    {
        var plan = Pump.Compile(Sql);
        Assert.Equal("pump", Assert.Single(plan.Sources).Name);
        Assert.Equal("bearing_rul", Assert.Single(plan.Models).Name);
        Assert.Equal("bearing-wear", Assert.Single(plan.AlertKinds));
        Assert.Empty(plan.Targets);
    }

    [Fact]
    public void Feeds_one_model_with_windows_over_the_answers_of_another()
    {
        var plan = Pump.Compile("""
            CREATE VIEW normalised AS
            SELECT device, ts, load, bearing_temp, ambient, vib_norm FROM ML_PREDICT(TABLE pump, MODEL regime, DESCRIPTOR(load, vibration));
            CREATE VIEW features AS
            SELECT device, ts, load, AVG(vib_norm) OVER w AS vib_rms, bearing_temp - ambient AS temp_rise
            FROM normalised WINDOW w AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW);
            CREATE VIEW scored AS
            SELECT * FROM ML_PREDICT(TABLE features, MODEL bearing_rul, DESCRIPTOR(vib_rms, temp_rise, load));
            INSERT INTO rul SELECT device, ts, rul_days FROM scored;
            INSERT INTO alerts SELECT device, ts, 'wear' AS kind, rul_days AS score FROM scored WHERE rul_days < 5;
            """);
        Assert.Equal(["regime", "bearing_rul"], plan.Models.Select(model => model.Name));
        Assert.Equal("d", plan.Targets[0].Columns[0].Unit);
        var models = Pump.Models();
        var sink = new RecordingSink();
        var flow = Dataflow.Start(plan, models, sink, TimeProvider.System).Value;
        flow.Push(0, Pump.First, Pump.StartNs, Pump.Row(3, bearing: 30), 1);
        flow.Push(0, Pump.First, Pump.StartNs + 1, Pump.Row(6, bearing: 30), 2);

        // Normalised 3/1.5 = 2 and 6/1.5 = 4, so 2 and then the mean 3; two readers of one view ask the model once.
        Assert.Equal([16.0, 14.0], sink.Rows.Select(row => row.Values[0]));
        Assert.Equal(2, ((Pump.Formula)models["bearing_rul"]).Calls);
        Assert.Equal(4, flow.Counters.Inferences);
    }

    [Fact]
    public void Does_not_ask_a_model_that_takes_no_nulls()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile("""
            CREATE VIEW f AS SELECT device, ts, vibration AS vib_rms, bearing_temp - ambient AS temp_rise, load FROM pump;
            INSERT INTO rul SELECT device, ts, rul_days FROM ML_PREDICT(TABLE f, MODEL bearing_rul, DESCRIPTOR(vib_rms, temp_rise, load))
            """), sink);
        flow.Push(0, Pump.First, Pump.StartNs, Pump.Row(double.NaN), 1);
        Assert.Equal(double.NaN, Assert.Single(sink.Rows).Values[0]);
        Assert.Equal(1, flow.Counters.InferencesRejected);
        Assert.Equal(0, flow.Counters.Inferences);
    }

    [Fact]
    public void Names_a_model_that_was_not_given()
    {
        var refusal = Dataflow.Start(Pump.Compile(Sql), new Dictionary<string, IModelInvoker>(), new RecordingSink(), TimeProvider.System).Refusal;
        Assert.Equal("pipeline.model_missing", refusal.Code);
        Assert.Contains("bearing_rul", refusal.Message, StringComparison.Ordinal);
    }
}
