namespace Pilotage.Server.Rollouts;

/// <summary>Where a rollout stands. JSON of it and of the plan is all a controller needs to go on after a restart.</summary>
public sealed class RolloutState
{
    public RolloutStatus Status { get; set; } = RolloutStatus.Rolling;

    /// <summary>Why it stands where it stands, for a person.</summary>
    public string Cause { get; set; } = "started";

    /// <summary>Index of the wave under way.</summary>
    public int Wave { get; set; }

    /// <summary>Controller time, ms: monotonic, stands still while no controller runs.</summary>
    public long AtMs { get; set; }

    /// <summary>Set while an emergency brake is pulled: nothing new starts.</summary>
    public bool Braked { get; set; }

    /// <summary>The waves a person let pass although a guard was inconclusive.</summary>
    public int ResumedThroughWave { get; set; } = -1;

    public FailureTest Failures { get; set; } = new();

    public AlertRateTest Alerts { get; set; } = new();

    public Dictionary<string, DeviceProgress> Devices { get; set; } = [];

    public Dictionary<string, EdgeProgress> Edges { get; set; } = [];
}

/// <summary>The life of a rollout.</summary>
public enum RolloutStatus
{
    /// <summary>The first wave runs without effect.</summary>
    Shadow,

    /// <summary>Waves are under way.</summary>
    Rolling,

    /// <summary>A wave check was inconclusive: nothing new starts until evidence or a person decides.</summary>
    Paused,

    /// <summary>Stopped for good; what had switched goes back.</summary>
    Halted,

    /// <summary>Every target that could be reached runs the new release and proved it.</summary>
    Completed,
}

/// <summary>The life of one device in a rollout.</summary>
public enum DevicePhase
{
    NotStarted,

    /// <summary>Desired state says the new release; nothing heard yet.</summary>
    Offered,

    /// <summary>The edge has the bytes or the worker proves itself; not success.</summary>
    Staged,

    /// <summary>Signed evidence of the running version, with golden answers and first inferences; the bake runs.</summary>
    Baking,

    Confirmed,

    Failed,

    /// <summary>Taken back; waiting for the edge to say so.</summary>
    RollingBack,

    RolledBack,

    /// <summary>Taken back and silent since: nobody knows what it runs. Listed by name.</summary>
    Lost,

    /// <summary>Deleted or moved away during the rollout; stays in the denominator.</summary>
    Removed,
}

/// <summary>What is known of one device.</summary>
public sealed class DeviceProgress
{
    public DevicePhase Phase { get; set; }

    public string Edge { get; set; } = "";

    public int Wave { get; set; }

    public string Cause { get; set; } = "";

    /// <summary>When this phase began or, while baking, when the device was last heard; silence is measured from here.</summary>
    public long HeardMs { get; set; }

    public long BakeSinceMs { get; set; }

    /// <summary>The process the bake belongs to; another one starts it anew.</summary>
    public string? Worker { get; set; }

    /// <summary>Its result was a failure; stays when it has gone back.</summary>
    public bool Failed { get; set; }

    /// <summary>It was offered the release, whatever came of it: part of the blast radius.</summary>
    public bool Touched { get; set; }

    /// <summary>The next thing expected of it, for a person.</summary>
    public string? Expected { get; set; }
}

/// <summary>What is known of one edge.</summary>
public sealed class EdgeProgress
{
    public bool Online { get; set; }

    /// <summary>The challenge of this rollout's offer; evidence must repeat it.</summary>
    public string? Challenge { get; set; }

    public string? BootId { get; set; }

    /// <summary>Highest report number of that boot.</summary>
    public long Report { get; set; }

    /// <summary>Boots that ended; a report of one of them is late or replayed.</summary>
    public List<string> PastBoots { get; set; } = [];

    public double? P99Ms { get; set; }

    public long Inferences { get; set; }
}
