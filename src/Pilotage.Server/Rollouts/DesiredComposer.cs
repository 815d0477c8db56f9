using System.Text.Json;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Server.Fleet.Contracts;

namespace Pilotage.Server.Rollouts;

/// <summary>Writes an edge's desired state from what stands in the tables and machines: whole, every time, so nothing can be forgotten.</summary>
internal sealed class DesiredComposer(IFleet fleet, RolloutStore store, ReleaseBook releases)
{
    /// <summary>The desired state of an edge; <c>Changed</c> is false when it has this one already.</summary>
    public (DesiredState State, bool Changed) Compose(Device edge, IEnumerable<RolloutMachine> active)
    {
        var attached = fleet.List(edge.Tenant, new DeviceQuery { Edge = edge.Id }).Where(device => device.Status != DeviceStatus.Revoked).ToList();
        var byId = attached.ToDictionary(device => device.Id.Value);
        var devices = store.Primaries(edge.Tenant).Where(primary => byId.ContainsKey(primary.Device))
            .Select(primary => Desired(byId[primary.Device], primary.Release, DeviceRole.Primary, null, null)).ToList();
        var promoted = devices.Select(device => device.Release).ToHashSet();
        foreach (var machine in active)
        {
            devices.AddRange(OnTrial(machine, edge, byId));
        }

        var challenges = store.Challenges(edge.Tenant);
        var wanted = devices.Select(device => device.Release).Distinct().Order(StringComparer.Ordinal)
            .Select(release => Release(edge, release, challenges, promoted.Contains(release)));
        var state = new DesiredState
        {
            Version = 0,
            Edge = edge.Id.Value,
            Releases = [.. wanted],
            Devices = [.. devices.OrderBy(device => device.Release, StringComparer.Ordinal).ThenBy(device => device.Device, StringComparer.Ordinal)],
            Attached = [.. attached.OrderBy(device => device.Id.Value, StringComparer.Ordinal).Select(device => new AttachedDevice(device.Id.Value, device.Path))],
        };
        var (version, changed) = store.DesiredVersion(edge.Tenant, edge.Id.Value, Digest.Of(state.ToJson()));
        return (state with { Version = version }, changed);
    }

    private static IEnumerable<DesiredDevice> OnTrial(RolloutMachine machine, Device edge, Dictionary<string, Device> byId)
    {
        // Once completed, the release stands among the primaries.
        if (machine.State.Status is RolloutStatus.Halted or RolloutStatus.Completed)
        {
            return [];
        }

        var role = machine.State.Status == RolloutStatus.Shadow ? DeviceRole.Shadow : DeviceRole.Challenger;
        return machine.TargetsOf(edge.Id.Value)
            .Where(target => byId.ContainsKey(target.Device))
            .Select(target => (Device: byId[target.Device], Progress: machine.State.Devices[target.Device]))
            .Where(item => item.Progress.Phase is DevicePhase.Offered or DevicePhase.Staged or DevicePhase.Baking or DevicePhase.Confirmed)
            .Select(item => Desired(item.Device, machine.Plan.Release, role, machine.Plan.Rollout, item.Progress.Wave));
    }

    private DesiredRelease Release(Device edge, string release, IReadOnlyDictionary<(string Edge, string Release), string> challenges, bool promoted)
    {
        using var envelope = JsonDocument.Parse(releases.Get(edge.Tenant, release).Value.Envelope);
        return new DesiredRelease
        {
            Id = release,
            Envelope = envelope.RootElement.Clone(),
            Challenge = challenges.GetValueOrDefault((edge.Id.Value, release), ""),
            Promoted = promoted,
        };
    }

    private static DesiredDevice Desired(Device device, string release, string role, string? rollout, int? wave) =>
        new() { Device = device.Id.Value, Path = device.Path, Release = release, Role = role, Rollout = rollout, Wave = wave };
}
