using Pilotage.Learning.Decisions;
using Pilotage.Learning.Regimes;
using Pilotage.Server.Portfolio.Value;
using Xunit;

namespace Pilotage.Tests.Server.Portfolio.Value;

public sealed class BestSensorTests
{
    private static readonly DowntimeProtocol Protocol = new(LeadCycles: 10, UnplannedHours: 10, PlannedHours: 2);
    private static readonly string[] Properties = ["load", "heat", "idle"];
    private static readonly RegimeRule Regimes = new(["load"], ["heat", "idle"], new RegimeOptions());

    [Fact]
    public void Takes_the_regime_out_where_the_package_can_tell_it()
    {
        var (fit, fresh) = (Fleet(seed: 1, regimes: 3), Fleet(seed: 2, regimes: 3));

        var raw = BestSensor.Choose(Properties, null, fit, Protocol);
        var within = BestSensor.Choose(Properties, Regimes, fit, Protocol);

        Assert.StartsWith("heat against its regime high", within.Name, StringComparison.Ordinal);
        Assert.DoesNotContain("regime", raw.Name, StringComparison.Ordinal);
        Assert.True(within.Rule.Expected < 0.9 * raw.Rule.Expected, $"{within.Rule.Expected} against {raw.Rule.Expected}.");
        Assert.True(Rate(within, fresh) < 0.9 * Rate(raw, fresh), $"{Rate(within, fresh)} against {Rate(raw, fresh)}.");
    }

    [Fact]
    public void Is_the_same_rival_with_and_without_where_there_is_one_regime()
    {
        var (fit, fresh) = (Fleet(seed: 3, regimes: 1), Fleet(seed: 4, regimes: 1));

        var raw = BestSensor.Choose(Properties, null, fit, Protocol);
        var within = BestSensor.Choose(Properties, Regimes, fit, Protocol);

        Assert.Equal(raw.Name, within.Name);
        Assert.Equal(fresh.Select(raw.FirstAlarm), fresh.Select(within.FirstAlarm));
    }

    [Fact]
    public void Gets_its_pick_of_smoothing()
    {
        var noisy = BestSensor.Choose(Properties, null, Fleet(seed: 5, regimes: 1, noise: 1.5), Protocol);
        var clean = BestSensor.Choose(Properties, null, Fleet(seed: 5, regimes: 1, noise: 0), Protocol);

        Assert.Matches("mean of (10|20)$", noisy.Name);

        // Without noise smoothing neither helps nor harms: which of them wins by a hair does not matter, its cost does.
        Assert.StartsWith("heat high", clean.Name, StringComparison.Ordinal);
        Assert.True(clean.Rule.Expected < noisy.Rule.Expected);
    }

    [Fact]
    public void Passes_over_what_was_never_stored_and_cycles_without_a_value()
    {
        var fit = Fleet(seed: 6, regimes: 3);
        foreach (var row in fit.SelectMany(life => life.Rows))
        {
            row[2] = double.NaN;
        }

        Array.Fill(fit[0].Rows[20], double.NaN);

        var sensor = BestSensor.Choose(Properties, Regimes, fit, Protocol);

        Assert.StartsWith("heat", sensor.Name, StringComparison.Ordinal);
        Assert.NotNull(sensor.FirstAlarm(fit[0]));
    }

    private static double Rate(BestSensor sensor, IEnumerable<ObservedLife> fleet) => DowntimeTotal
        .Of(fleet.Select(life => Protocol.Alarmed(life.Life, sensor.FirstAlarm(life))))
        .HoursPer1000;

    /// <summary>Heat rises towards the end of a life, and by far more from one load to the next; idle says nothing.</summary>
    /// <remarks>The hottest load is rare: were it common, a raw limit would wait for it and see the wear on top of it.</remarks>
    private static List<ObservedLife> Fleet(int seed, int regimes, double noise = 0.3)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 30).Select(i =>
        {
            var life = new Life($"{i}", 100 + random.Next(150));
            return new ObservedLife(life, [.. Enumerable.Range(1, life.Cycles).Select(cycle =>
            {
                var load = random.Next(40) == 0 ? regimes - 1 : random.Next(Math.Max(1, regimes - 1));
                var wear = 8 * Math.Exp((cycle - life.Cycles) / 25.0);
                return new[] { 10.0 * load, (500.0 * load) + wear + (noise * Gauss(random)), Gauss(random) };
            })]);
        })];
    }

    private static double Gauss(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
