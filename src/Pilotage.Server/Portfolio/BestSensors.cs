using System.Collections.Concurrent;
using Pilotage.Learning.Decisions;
using Pilotage.Server.Portfolio.Value;

namespace Pilotage.Server.Portfolio;

/// <summary>The best single sensor of each use case, chosen once per baseline and package: it can only change with them.</summary>
internal sealed class BestSensors(SensorRows rows)
{
    // One entry a use case, replaced when its baseline or package is another: it grows no further than the catalogue does.
    private readonly ConcurrentDictionary<(TenantId Tenant, string UseCase), Chosen> _chosen = new();

    /// <param name="useCase">Whose definition says what is measured.</param>
    /// <param name="baseline">The baseline, its data checked against its digest.</param>
    /// <param name="fit">The lives the baseline rests on.</param>
    /// <param name="protocol">What an alarm costs and saves.</param>
    public BestSensor Of(UseCase useCase, FrozenBaseline baseline, IReadOnlyList<UnitLife> fit, DowntimeProtocol protocol)
    {
        var key = (useCase.Tenant, useCase.Id);
        if (_chosen.TryGetValue(key, out var known) && known.Baseline == baseline.Digest && known.Package == useCase.Definition.Package)
        {
            return known.Sensor;
        }

        var definition = useCase.Definition;
        var observed = fit.Select(life => rows.Observe(useCase.Tenant, life, definition.Properties)).ToList();
        var sensor = BestSensor.Choose(definition.Properties, definition.Regimes, observed, protocol);
        _chosen[key] = new Chosen(baseline.Digest, definition.Package, sensor);
        return sensor;
    }

    private sealed record Chosen(Digest Baseline, string Package, BestSensor Sensor);
}
