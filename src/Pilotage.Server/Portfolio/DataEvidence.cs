using Pilotage.Server.Fabric.Contracts;

namespace Pilotage.Server.Portfolio;

/// <summary><c>readiness</c>: is the data good enough to learn from.</summary>
internal sealed class DataEvidence(Lives lives, ITelemetry telemetry) : IEvidenceSource
{
    public IReadOnlyList<string> Names { get; } = ["readiness"];

    public EvidenceReading Read(UseCase useCase, string name)
    {
        var devices = lives.Bound(useCase);
        if (devices.Count == 0)
        {
            return EvidenceReading.Absent($"no device is bound by {useCase.Definition.Bind}", "fleet");
        }

        var readiness = telemetry.ReadinessOf(useCase.Tenant, devices);
        var why = readiness.Reasons.Count > 0 ? readiness.Reasons[0] : $"{devices.Count} devices, coverage {readiness.Coverage:P0}, gaps {readiness.GapShare:P1}";
        return EvidenceReading.Of(Math.Round(readiness.Score, 1), why, $"{devices.Count} devices, {readiness.Points} points");
    }
}
