namespace Pilotage.Server.Fabric.Agreements;

/// <summary>What the devices of a thing type promise to send.</summary>
internal sealed record DataContract(string Thing, IReadOnlyList<PropertyRules> Properties)
{
    /// <summary>Whether something of it is judged before values are stored.</summary>
    public bool BindsOnArrival => Properties.Any(rules => rules.Required || rules.Minimum is not null || rules.Maximum is not null || rules.Values.Count > 0 || rules.Rate is not null);
}

/// <summary>A contract as it is kept.</summary>
internal sealed record StoredContract(string Thing, Digest Digest, string WrittenBy, long WrittenNs, ReadOnlyMemory<byte> Document);
