using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Contracts;

namespace Pilotage.Server.Fabric.Meaning;

/// <summary>Descriptions that come with something else: never in the place of one that somebody gave.</summary>
internal sealed class OfferedThings(ThingBook things, IAudit audit) : IThings
{
    public bool Offer(Principal who, string thing, ReadOnlyMemory<byte> document, ReadOnlyMemory<byte>? inPlaceOf = null)
    {
        var isOurs = inPlaceOf is { } before && things.Stored(who.Tenant, thing).TryGet(out var there, out _) && there.Digest == Digest.Of(before.Span) && there.Digest != Digest.Of(document.Span);
        if ((things.Find(who.Tenant, thing) is not null && !isOurs) || !things.Put(who, thing, ThingMedia.Json, document, onlyNew: !isOurs).TryGet(out var stored, out _))
        {
            return false;
        }

        audit.Record(who, "fabric.thing.write", thing, "done", stored.Digest.ToString());
        return true;
    }
}
