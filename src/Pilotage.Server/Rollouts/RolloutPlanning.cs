using System.Xml;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Models.Contracts;
using Pilotage.Server.Package;

namespace Pilotage.Server.Rollouts;

/// <summary>What a rollout is asked to do; what is absent comes from the package of the release.</summary>
internal sealed record RolloutRequest
{
    public required string Release { get; init; }

    /// <summary>Devices by id, path or name.</summary>
    public IReadOnlyList<string>? Devices { get; init; }

    /// <summary>Or a pattern over paths, such as <c>acme/lyon/*/pump-*</c>; the site's binding when both are absent.</summary>
    public string? PathPattern { get; init; }

    public IReadOnlyList<string>? Waves { get; init; }

    /// <summary>ISO 8601 durations.</summary>
    public string? Bake { get; init; }

    public string? Silence { get; init; }

    public string? Shadow { get; init; }

    public double? P99LatencyMs { get; init; }

    public double? AlertRateMargin { get; init; }

    /// <summary>Inferences per device before its bake begins.</summary>
    public long? FirstInferences { get; init; }

    /// <summary>Draws the waves; the same seed draws the same.</summary>
    public int? Seed { get; init; }

    /// <summary>Offer a release again that was halted before.</summary>
    public bool Again { get; init; }

    /// <summary>What it is for, shown wherever the rollout is; at most 200 letters.</summary>
    public string? Note { get; init; }
}

/// <summary>Turns a request into a plan, or says why it may not start.</summary>
internal sealed class RolloutPlanning(IFleet fleet, IPackages packages, ReleaseBook releases, RolloutStore store, RolloutEngine engine)
{
    private const int NoteLettersMax = 200;

    public Outcome<RolloutPlan> Plan(TenantId tenant, RolloutRequest request)
    {
        if (request.Note is { Length: > NoteLettersMax })
        {
            return new Refusal("rollout.note_too_long", $"The note of a rollout has at most {NoteLettersMax} letters; this one has {request.Note.Length}.");
        }

        if (!releases.Get(tenant, request.Release).TryGet(out var release, out var refusal))
        {
            return refusal;
        }

        if (engine.WasHalted(tenant, release.Release) && !request.Again)
        {
            return new Refusal("rollout.halted_before", $"A rollout of {release.Release} was halted; it is offered again only when asked for with again: true.");
        }

        var package = Digest.TryParse(release.Manifest().Origin.Package, out var digest) && packages.Get(tenant, digest).TryGet(out var found, out _) ? found : null;
        if (!Targets(tenant, request, release, package).TryGet(out var devices, out refusal)
            || !Options(request, package?.Rollout).TryGet(out var options, out refusal)
            || !Sizes(request, package?.Rollout).TryGet(out var sizes, out refusal)
            || !Incumbent(tenant, release, devices).TryGet(out var incumbent, out refusal))
        {
            return refusal;
        }

        var targets = devices.Select(device => new RolloutTarget(
            device.Id.Value, device.Edge!.Value.Value, $"{HardwareOf(tenant, device)}|{device.Edge}", fleet.PresenceOf(tenant, device.Edge.Value).Connected)).ToList();
        var id = "rol_" + Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8));
        var seed = request.Seed ?? BitConverter.ToInt32(System.Security.Cryptography.RandomNumberGenerator.GetBytes(4));
        return WavePlanner.Plan(targets, sizes, new Random(seed)).Then<RolloutPlan>(waves => new RolloutPlan
        {
            Rollout = id,
            Tenant = tenant.Value,
            UseCase = release.UseCase,
            Release = release.Release,
            ManifestDigest = release.ManifestDigest,
            Incumbent = incumbent.Length == 0 ? null : incumbent,
            Waves = waves,
            Options = options,
            Note = request.Note,
        });
    }

    private string HardwareOf(TenantId tenant, Device device) => fleet.Find(tenant, device.Edge!.Value)?.Hardware ?? "unknown";

    private Outcome<List<Device>> Targets(TenantId tenant, RolloutRequest request, StoredRelease release, UseCasePackage? package)
    {
        if (!Named(tenant, request, package).TryGet(out var devices, out var refusal))
        {
            return refusal;
        }

        var faults = new List<RefusalDetail>();
        var hardware = release.Manifest().Hardware;
        foreach (var device in devices)
        {
            var edge = device.Edge is { } id ? fleet.Find(tenant, id) : null;
            var why = edge is null ? "no edge infers for it"
                : edge.Hardware is { } own && !hardware.Contains(own) ? $"its edge is {own}, the release is for {string.Join(", ", hardware)}"
                : engine.Touching(tenant, device.Id.Value) is { } other ? $"rollout {other} is under way there"
                : null;
            if (why is not null)
            {
                faults.Add(new RefusalDetail(device.Path, why));
            }
        }

        return faults.Count == 0
            ? devices.ToList()
            : new Refusal("rollout.targets_unfit", $"{faults.Count} of {devices.Count} devices cannot take this release: {faults[0].Where}: {faults[0].Message.TrimEnd('.')}.") { Details = faults };
    }

    private Outcome<List<Device>> Named(TenantId tenant, RolloutRequest request, UseCasePackage? package)
    {
        if (request.Devices is { } names)
        {
            var devices = new List<Device>();
            foreach (var name in names)
            {
                if (!fleet.Resolve(tenant, name).TryGet(out var device, out var refusal))
                {
                    return refusal;
                }

                devices.Add(device);
            }

            return devices;
        }

        var pattern = request.PathPattern ?? package?.Site?.Bind.GetValueOrDefault(package.UseCase.Thing);
        return pattern is null
            ? new Refusal("rollout.no_targets", "Say which devices: devices, or a pathPattern.")
            : fleet.List(tenant, new DeviceQuery { PathPattern = pattern }).Where(device => device.Edge is not null).ToList();
    }

    // One change at a time: devices that run different releases cannot share a control.
    private Outcome<string> Incumbent(TenantId tenant, StoredRelease release, List<Device> devices)
    {
        var ids = devices.Select(device => device.Id.Value).ToHashSet();
        var running = store.Primaries(tenant).Where(primary => primary.UseCase == release.UseCase && ids.Contains(primary.Device)).ToList();
        var kinds = running.Select(primary => primary.Release).Distinct().ToList();
        return kinds.Count switch
        {
            0 => "",
            1 when kinds[0] == release.Release && running.Count == ids.Count => new Refusal("rollout.nothing_to_do", $"All {ids.Count} devices run {release.Release} already."),
            1 => kinds[0] == release.Release ? "" : kinds[0],
            _ => new Refusal("rollout.mixed_incumbents", $"The devices run {kinds.Count} different releases ({string.Join(", ", kinds)}); roll out to one group at a time."),
        };
    }

    private static Outcome<List<WaveSize>> Sizes(RolloutRequest request, RolloutSpec? spec)
    {
        var sizes = new List<WaveSize>();
        foreach (var text in request.Waves ?? spec?.Waves.Select(wave => wave.Text).ToList() ?? ["2", "10%", "50%", "rest"])
        {
            if (!WaveSize.Parse(text).TryGet(out var size, out var refusal))
            {
                return refusal;
            }

            sizes.Add(size);
        }

        return sizes;
    }

    private static Outcome<RolloutOptions> Options(RolloutRequest request, RolloutSpec? spec)
    {
        var defaults = new RolloutOptions();
        try
        {
            return new RolloutOptions
            {
                Bake = Duration(request.Bake) ?? spec?.Bake ?? defaults.Bake,
                Silence = Duration(request.Silence) ?? spec?.SilenceFailAfter ?? defaults.Silence,
                Shadow = Duration(request.Shadow) ?? spec?.Shadow ?? defaults.Shadow,
                P99MsMax = request.P99LatencyMs ?? spec?.Guards.FirstOrDefault(guard => guard.Name == "p99_latency_ms")?.Max,
                AlertRateMargin = request.AlertRateMargin ?? spec?.Guards.FirstOrDefault(guard => guard.Name == "alert_rate")?.MarginShare,
                FirstInferences = Math.Max(1, request.FirstInferences ?? 1),
            };
        }
        catch (FormatException fault)
        {
            return new Refusal("rollout.malformed", $"A duration is not ISO 8601 (PT30M, P7D): {fault.Message}");
        }
    }

    private static TimeSpan? Duration(string? text) => text is null ? null : XmlConvert.ToTimeSpan(text);
}
