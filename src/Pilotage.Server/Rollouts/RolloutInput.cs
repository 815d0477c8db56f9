using Pilotage.Core.Contracts.Releases;

namespace Pilotage.Server.Rollouts;

/// <summary>What the machine is told. Everything it knows comes through here.</summary>
public abstract record RolloutInput
{
    /// <summary>Time passed; deadlines are looked at.</summary>
    public sealed record Tick : RolloutInput;

    /// <summary>An edge's link came up or went down.</summary>
    public sealed record Presence(string Edge, bool Online) : RolloutInput;

    /// <summary>
    /// A report whose signature holds for the edge it names. <paramref name="AnswersHold"/>: its answers to the challenge rows are
    /// those of the release's own models, computed by the server.
    /// </summary>
    public sealed record Evidence(AttestedState State, bool AnswersHold) : RolloutInput;

    /// <summary>A device was deleted or moved to another edge.</summary>
    public sealed record Gone(string Device, string Why) : RolloutInput;

    /// <summary>An emergency brake was pulled or released.</summary>
    public sealed record Brake(bool Pulled, string Who) : RolloutInput;

    /// <summary>A person stops the rollout.</summary>
    public sealed record Stop(string Who, string Why) : RolloutInput;

    /// <summary>A person lets the paused wave pass; recorded as theirs.</summary>
    public sealed record Resume(string Who) : RolloutInput;

    /// <summary>A person asks for another try on one failed device.</summary>
    public sealed record Retry(string Device, string Who) : RolloutInput;
}

/// <summary>What the machine wants done. Doing it twice must be harmless: it is desired state.</summary>
public abstract record RolloutOutput
{
    /// <summary>The device's desired release becomes the new one, in this role.</summary>
    public sealed record Offer(string Device, string Edge, int Wave, string Role, string Challenge) : RolloutOutput;

    /// <summary>The device's desired release is the incumbent again.</summary>
    public sealed record Withdraw(string Device, string Edge, string Why) : RolloutOutput;

    /// <summary>The new release becomes primary for the device, and the incumbent may stop there.</summary>
    public sealed record Promote(string Device, string Edge) : RolloutOutput;

    /// <summary>A device changed phase: one line of its timeline.</summary>
    public sealed record Moved(string Device, DevicePhase From, DevicePhase To, string Cause) : RolloutOutput;

    /// <summary>The rollout changed status or wave: one line of its timeline.</summary>
    public sealed record Status(RolloutStatus To, int Wave, string Cause) : RolloutOutput;
}
