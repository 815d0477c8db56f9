using Pilotage.Core;
using Pilotage.Streams;
using Xunit;

namespace Pilotage.Tests.Streams;

/// <summary>A small plant for the tests of pipelines: one thing type, two models, hours to feed it.</summary>
internal static class Pump
{
    public const long HourNs = 3_600_000_000_000;
    public const long StartNs = 1_700_000_000_000_000_000 / HourNs * HourNs;

    public static readonly ThingSchema Thing = new("pump",
    [
        new("vibration", "mm/s"),
        new("bearing_temp", "Cel"),
        new("ambient", "Cel"),
        new("load", "%"),
        new("pressure", "bar"),
        new("running", null, ThingPropertyType.Boolean),
        new("serial", null, ThingPropertyType.Text),
    ]);

    public static readonly ModelSchema Regime = new("regime", ["load", "vibration"], ["vib_norm"]);

    public static readonly ModelSchema Rul = new("bearing_rul", ["vib_rms", "temp_rise", "load"], ["rul_days"])
    {
        InputUnits = ["mm/s", "K", "%"],
        OutputUnits = ["d"],
    };

    public static readonly IReadOnlyDictionary<string, double> Parameters = new Dictionary<string, double> { ["alarm_days"] = 7 };

    public static readonly DeviceId First = new("pump-1");

    public static PipelinePlan Compile(string sql, PipelineLimits? limits = null)
    {
        var outcome = PipelineCompiler.Compile(sql, [Thing], [Regime, Rul], Parameters, limits ?? new());
        Assert.True(outcome.IsOk, outcome.IsOk ? "" : outcome.Refusal.ToString());
        return outcome.Value;
    }

    public static Refusal Refused(string sql, PipelineLimits? limits = null)
    {
        var outcome = PipelineCompiler.Compile(sql, [Thing], [Regime, Rul], Parameters, limits ?? new());
        Assert.False(outcome.IsOk, "expected a refusal");
        return outcome.Refusal;
    }

    /// <summary>Refused with a code, at a place, in words that hold these.</summary>
    public static void IsRefused(string sql, string code, string where, string says)
    {
        var refusal = Refused(sql);
        Assert.Equal((code, where), (refusal.Code, refusal.Details[0].Where));
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
    }

    public static Dataflow Start(PipelinePlan plan, IPipelineSink sink) => Dataflow.Start(plan, Models(), sink, TimeProvider.System).Value;

    public static Dictionary<string, IModelInvoker> Models() => new()
    {
        ["regime"] = new Formula(inputs => inputs[1] / (1 + (inputs[0] / 100))),
        ["bearing_rul"] = new Formula(inputs => 30 - (2 * inputs[0]) - inputs[1]),
    };

    /// <summary>A row: vibration, bearing temperature, ambient, load, pressure; running is true and the serial is
    /// absent.</summary>
    public static double[] Row(double vibration, double bearing = 60, double ambient = 20, double load = 50, double pressure = 3) =>
        [vibration, bearing, ambient, load, pressure, 1, double.NaN];

    /// <summary>Runs one expression per row over the vibration of one device, a row an hour, and gives the
    /// values.</summary>
    public static double[] Evaluate(string expression, params double[] vibration)
    {
        var sink = new RecordingSink();
        var flow = Start(Compile($"INSERT INTO out SELECT device, ts, {expression} AS x FROM pump WINDOW " +
            "w AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)"), sink);
        for (var i = 0; i < vibration.Length; i++)
        {
            flow.Push(0, First, StartNs + (i * HourNs), Row(vibration[i]), i);
        }

        return [.. sink.Rows.Select(row => row.Values[0])];
    }

    internal sealed class Formula(Func<float[], float> compute) : IModelInvoker
    {
        public int Calls { get; private set; }

        public void Invoke(ReadOnlySpan<float> inputs, Span<float> outputs)
        {
            Calls++;
            outputs[0] = compute(inputs.ToArray());
        }
    }
}
