namespace Pilotage.Core;

/// <summary>Owns sites, people and packages; its name is the <c>&lt;enterprise&gt;</c> level of a topic.</summary>
public readonly record struct TenantId(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>A device for ever: the topic path is a label that moves with it, this does not.</summary>
public readonly record struct DeviceId(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>A use case inside a tenant, by the name of its package.</summary>
public readonly record struct UseCaseId(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>A signed release, <c>rel_</c> and the first 24 hex digits of its manifest's digest.</summary>
public readonly record struct ReleaseId(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>One rollout of one release.</summary>
public readonly record struct RolloutId(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>One version of one model.</summary>
public readonly record struct ModelVersion(string Model, string Version)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Model}@{Version}";
}
