using Pilotage.Core.Contracts.Releases;
using Pilotage.Edge.Workers;
using Pilotage.Trust;

namespace Pilotage.Edge.Updates;

/// <summary>What the update machine is told.</summary>
internal abstract record UpdateInput
{
    /// <summary>A desired state arrived, or the one on disk is taken up again.</summary>
    public sealed record Desired(DesiredState State) : UpdateInput;

    /// <summary>Staging ended. <paramref name="TryAgain"/>: the world failed, not the release.</summary>
    public sealed record Staged(string Release, Outcome<VerifiedRelease> Result, bool TryAgain) : UpdateInput;

    /// <summary>A worker said something.</summary>
    public sealed record Said(int Instance, WorkerReport Report) : UpdateInput;

    /// <summary>A worker process ended.</summary>
    public sealed record Ended(int Instance, string LastWords) : UpdateInput;

    /// <summary>A worker's memory was measured.</summary>
    public sealed record Memory(int Instance, long Bytes) : UpdateInput;

    /// <summary>Time passed.</summary>
    public sealed record Tick : UpdateInput;
}

/// <summary>What the update machine wants done, in order.</summary>
internal abstract record UpdateAction
{
    /// <summary>Write the state to disk before anything that follows.</summary>
    public sealed record Save(EdgeState State) : UpdateAction;

    /// <summary>Verify, download and check a release.</summary>
    public sealed record Stage(DesiredRelease Release) : UpdateAction;

    /// <summary>Start a worker process.</summary>
    public sealed record Start(int Instance, VerifiedRelease Release, string Challenge, IReadOnlyList<DesiredDevice> Devices) : UpdateAction;

    /// <summary>Give a running worker its devices anew.</summary>
    public sealed record Tell(int Instance, IReadOnlyList<DesiredDevice> Devices) : UpdateAction;

    /// <summary>Let a worker drain and end.</summary>
    public sealed record Stop(int Instance) : UpdateAction;

    /// <summary>End a worker at once.</summary>
    public sealed record Kill(int Instance, string Why) : UpdateAction;

    /// <summary>Report now, not at the next tick.</summary>
    public sealed record Report : UpdateAction;
}
