using Pilotage.Server.Access.Contracts;

namespace Pilotage.Server.Fabric.Contracts;

/// <summary>Descriptions of thing types, for modules that bring some with them.</summary>
public interface IThings
{
    /// <summary>Describes a thing type that nobody described, audited; one that is described stays as it is.</summary>
    /// <param name="who">In whose name.</param>
    /// <param name="thing">The thing type.</param>
    /// <param name="document">A thing description or model.</param>
    /// <param name="inPlaceOf">A document that was offered before by the same one, and whose place this one may take.</param>
    /// <returns>Whether this describes it from now on; not where it cannot be read.</returns>
    bool Offer(Principal who, string thing, ReadOnlyMemory<byte> document, ReadOnlyMemory<byte>? inPlaceOf = null);
}
