using Pilotage.TimeSeries;

namespace Pilotage.Server.Portfolio;

/// <summary><c>shadow.days</c>: how long models have watched these machines, by the machines' own clocks.</summary>
/// <remarks>In a replay those are recorded days, and the reading says so.</remarks>
internal sealed class ShadowEvidence(Lives lives, TimeSeriesStore store) : IEvidenceSource
{
    private const double DayNs = 86_400e9;

    public IReadOnlyList<string> Names { get; } = ["shadow.days"];

    public EvidenceReading Read(UseCase useCase, string name)
    {
        var (first, last, devices) = (long.MaxValue, long.MinValue, 0);
        foreach (var device in lives.Bound(useCase))
        {
            var inferred = store.Series(useCase.Tenant, device.Id).Where(key => key.Property.Contains('@', StringComparison.Ordinal)).Select(store.Statistics).Where(one => one.Count > 0).ToList();
            if (inferred.Count > 0)
            {
                first = Math.Min(first, inferred.Min(one => one.FirstNs));
                last = Math.Max(last, inferred.Max(one => one.LastNs));
                devices++;
            }
        }

        if (devices == 0)
        {
            return EvidenceReading.Absent("no inference has arrived yet", "series");
        }

        var replayed = useCase.Definition.EvidenceClass == "live" ? "" : ", replayed";
        return EvidenceReading.Of(Math.Round((last - first) / DayNs, 2), $"from first to last inference on {devices} machines, device time{replayed}", $"{devices} machines");
    }
}
