namespace Pilotage.Server.Rollouts;

/// <summary>A device a rollout is for, where it is attached, and what it is like (hardware, site): waves are drawn across the strata.</summary>
/// <param name="Device">Its id.</param>
/// <param name="Edge">The edge that infers for it.</param>
/// <param name="Stratum">Devices of one stratum are alike; every wave takes from all strata in proportion.</param>
/// <param name="Online">Whether its edge had a link when the waves were drawn.</param>
public sealed record RolloutTarget(string Device, string Edge, string Stratum, bool Online = true);

/// <summary>What a rollout was asked to do. Written before the start and never changed: membership and denominators are fixed here.</summary>
public sealed record RolloutPlan
{
    public required string Rollout { get; init; }

    public required string Tenant { get; init; }

    public required string UseCase { get; init; }

    public required string Release { get; init; }

    /// <summary>Digest of the signed payload; evidence about other bytes is no evidence.</summary>
    public required string ManifestDigest { get; init; }

    /// <summary>The release that speaks for the targets now and keeps running beside the new one; null for the first ever.</summary>
    public string? Incumbent { get; init; }

    /// <summary>Members by wave, in the order they are offered.</summary>
    public required IReadOnlyList<IReadOnlyList<RolloutTarget>> Waves { get; init; }

    public RolloutOptions Options { get; init; } = new();

    /// <summary>What it is for, in the words of who started it.</summary>
    public string? Note { get; init; }
}

/// <summary>The rules of one rollout, from the package's <c>rollout.yaml</c>.</summary>
public sealed record RolloutOptions
{
    /// <summary>How long the new version must run and stay well before a device counts. Default 30 minutes.</summary>
    public TimeSpan Bake { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Silence longer than this is failure, in every state that waits for the device. Default 2 hours.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromHours(2);

    /// <summary>How long the first wave runs without effect before the waves begin; zero leaves it out.</summary>
    public TimeSpan Shadow { get; init; }

    /// <summary>Inferences a device must have made before its bake begins. Default 1.</summary>
    public long FirstInferences { get; init; } = 1;

    /// <summary>Largest p99 of one inference in ms; null leaves the guard out.</summary>
    public double? P99MsMax { get; init; }

    /// <summary>How much more often than the control the new version may alarm, as a share (0.2 = 20 %); null leaves the guard out.</summary>
    public double? AlertRateMargin { get; init; }

    /// <summary>Starts of one worker that make a crash loop. Default 3.</summary>
    public int CrashLoopStarts { get; init; } = 3;

    /// <summary>Devices in flight before any is proven. Default 5 (trust: first devices in flight).</summary>
    public int FirstInFlight { get; init; } = 5;

    /// <summary>Devices in flight afterwards, at least; above it a tenth of the devices proven good. Default 10.</summary>
    public int InFlightMin { get; init; } = 10;
}
