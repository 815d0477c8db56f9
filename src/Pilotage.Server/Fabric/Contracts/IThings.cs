using Pilotage.Server.Access.Contracts;

namespace Pilotage.Server.Fabric.Contracts;

/// <summary>Descriptions of thing types, for modules that bring some with them.</summary>
public interface IThings
{
    /// <summary>Describes a thing type that nobody described, audited; one that is described stays as it is.</summary>
    /// <returns>Whether this describes it from now on; not where it cannot be read.</returns>
    bool Offer(Principal who, string thing, ReadOnlyMemory<byte> document);
}
