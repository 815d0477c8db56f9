using Pilotage.Learning.Decisions;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Portfolio;

/// <summary>Each measured property as an alarm by itself: the comparison that shows what a model adds to condition monitoring.</summary>
/// <remarks>Smoothed over a few cycles, because an unsmoothed sensor would be an opponent made of straw.</remarks>
internal sealed class SensorSeries(TimeSeriesStore store)
{
    private const int SmoothCycles = 10;
    private const long HourNs = 3_600_000_000_000;

    /// <summary>Every property on both sides, over the given lives.</summary>
    public IReadOnlyList<SensorCandidate> Candidates(TenantId tenant, IReadOnlyList<UnitLife> lives, IReadOnlyList<string> properties) =>
    [
        .. from property in properties
           let scores = lives.Select(life => (life, Scores: Smoothed(tenant, life, property))).ToList()
           from side in new[] { AlarmSide.Below, AlarmSide.Above }
           let series = scores.Select(one => new AlarmSeries(new Life(one.life.Device, one.life.Cycles), one.Scores, side)).ToList()
           where scores.Exists(one => Array.Exists(one.Scores, double.IsFinite))
           select new SensorCandidate(Name(property, side), series),
    ];

    /// <summary>The cycle at which a chosen rule alarms on a life, or null.</summary>
    public int? FirstAlarm(TenantId tenant, UnitLife life, SensorRule rule)
    {
        var property = rule.Name[..rule.Name.IndexOf(' ', StringComparison.Ordinal)];
        return new AlarmSeries(new Life(life.Device, life.Cycles), Smoothed(tenant, life, property), rule.Rule.Side).FirstAlarm(rule.Rule.Threshold);
    }

    private static string Name(string property, AlarmSide side) => $"{property} {(side == AlarmSide.Below ? "low" : "high")}, mean of {SmoothCycles}";

    private double[] Smoothed(TenantId tenant, UnitLife life, string property)
    {
        var raw = new double[life.Cycles];
        Array.Fill(raw, double.NaN);
        foreach (var point in store.Read(new SeriesKey(tenant, new DeviceId(life.Device), property), life.FirstNs, life.StopNs))
        {
            var cycle = (int)((point.TimeNs - life.FirstNs + (HourNs / 2)) / HourNs);
            if (cycle < raw.Length)
            {
                raw[cycle] = point.Value;
            }
        }

        var smooth = new double[raw.Length];
        for (var i = 0; i < raw.Length; i++)
        {
            var (sum, count) = (0.0, 0);
            for (var j = Math.Max(0, i - SmoothCycles + 1); j <= i; j++)
            {
                if (!double.IsNaN(raw[j]))
                {
                    sum += raw[j];
                    count++;
                }
            }

            smooth[i] = count == 0 ? double.NaN : sum / count;
        }

        return smooth;
    }
}
