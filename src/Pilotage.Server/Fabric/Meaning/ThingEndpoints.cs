using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Pilotage.Core.Units;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Hierarchy;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Meaning;

/// <summary>Thing types and their descriptions over HTTP.</summary>
internal static class ThingEndpoints
{
    private const int PageDefault = 100;
    private const int PageMax = 1_000;
    private const int ChunkBytes = 16 * 1024;
    private const string RelatePermission = "fabric.asset.write";

    /// <summary>A description that is kept, and how many devices are of its thing type.</summary>
    /// <param name="Links">Where it was just sent: what became of its links.</param>
    /// <param name="RelationsRemoved">Where it was just sent: relations that are gone, because an earlier version had links for them and this one has not.</param>
    internal sealed record ThingRow(
        string Thing, string Title, string Media, string Digest, string WrittenBy, DateTimeOffset Written, int Devices, IReadOnlyList<LinkFate>? Links = null, IReadOnlyList<string>? RelationsRemoved = null);

    internal sealed record ThingPage(IReadOnlyList<ThingRow> Items, string? NextCursor);

    /// <summary>A thing type as it was read out of its description.</summary>
    internal sealed record ThingView(
        string Thing, string Title, string? Description, string Media, string Digest, string WrittenBy, DateTimeOffset Written, IReadOnlyList<string> Types,
        IReadOnlyList<PropertyView> Properties, IReadOnlyList<LinkFate> Links);

    /// <summary>One property: its unit in UCUM, what that measures, and its semantic types.</summary>
    internal sealed record PropertyView(
        string Property, string? Type, string? Unit, string? Quantity, double? Minimum, double? Maximum, bool ReadOnly, bool Observable, IReadOnlyList<string> Types, string? Title,
        string? Description);

    public static IResult List(string? cursor, int? limit, Principal who, IFleet fleet, ThingBook things) =>
        QueryBounds.Limit(limit, PageDefault, PageMax).ToHttp(size =>
        {
            var rest = things.Page(who.Tenant, cursor ?? "", size + 1);
            var devices = fleet.List(who.Tenant, new DeviceQuery()).CountBy(device => device.Thing, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
            var page = rest.Take(size).Select(stored => Row(stored, devices.GetValueOrDefault(stored.Thing))).ToList();
            return TypedResults.Ok(new ThingPage(page, rest.Count > size ? page[^1].Thing : null));
        });

    public static IResult Show(string thing, Principal who, ThingBook things, LinkRelations links) => things.Stored(who.Tenant, thing).ToHttp(stored =>
    {
        var read = things.Find(who.Tenant, thing);
        return TypedResults.Ok(new ThingView(
            stored.Thing, stored.Title, read?.Description, stored.Media, stored.Digest.ToString(), stored.WrittenBy, Clock.FromNs(stored.WrittenNs), read?.Types ?? [],
            [.. read?.Properties.Values.Select(View) ?? []], read is null ? [] : links.Of(who.Tenant, read)));
    });

    /// <summary>The document as it came, under its digest.</summary>
    public static IResult Document(string thing, Principal who, ThingBook things) => things.Stored(who.Tenant, thing).ToHttp(stored =>
        TypedResults.Bytes(stored.Document, stored.Media, entityTag: new EntityTagHeaderValue($"\"{stored.Digest}\"")));

    public static async Task<IResult> PutAsync(
        string thing, HttpRequest request, Principal who, IFleet fleet, ThingBook things, LinkRelations links, IAudit audit, CancellationToken cancellation)
    {
        if (!ThingMedia.Of(request.ContentType).TryGet(out var media, out var refusal))
        {
            return refusal.ToHttp();
        }

        var body = await ReadAsync(request, things, cancellation);
        var put = body.Then(document => things.Put(who, thing, media, document, request.Headers.IfNoneMatch == "*"));
        audit.Record(who, "fabric.thing.write", thing, put.IsOk ? "done" : "refused", put.IsOk ? put.Value.Digest.ToString() : put.Refusal.Code);
        return put.ToHttp(stored =>
        {
            var read = things.Find(who.Tenant, thing);
            var removed = read is null ? [] : Unrelated(who, read, links, audit);
            return TypedResults.Ok(Row(stored, fleet.List(who.Tenant, new DeviceQuery { Thing = thing }).Count) with
            {
                Links = read is { Links.Count: > 0 } ? Related(who, read, links, audit) : null,
                RelationsRemoved = removed.Count > 0 ? removed : null,
            });
        });
    }

    /// <summary>What an earlier version had links for goes in the name of whoever may relate things; else it waits for the next who sends the description and may.</summary>
    private static List<string> Unrelated(Principal who, ThingDescription thing, LinkRelations links, IAudit audit)
    {
        var gone = Roles.Grant(who.Roles, RelatePermission) ? links.Drop(who.Tenant, thing).Select(relation => $"{relation}").ToList() : [];
        gone.ForEach(relation => audit.Record(who, "fabric.relation.delete", thing.Name, "done", relation));
        return gone;
    }

    /// <summary>Links become relations in the name of whoever may relate things; else they are told, and change nothing.</summary>
    private static IReadOnlyList<LinkFate> Related(Principal who, ThingDescription thing, LinkRelations links, IAudit audit)
    {
        if (!Roles.Grant(who.Roles, RelatePermission))
        {
            return [.. links.Of(who.Tenant, thing).Select(fate => fate.Relation is null ? fate with { Note = $"{fate.Note}; and relations need the right {RelatePermission}" } : fate)];
        }

        var fates = links.Take(who.Tenant, thing);
        foreach (var fate in fates.Where(one => one.Relation is not null))
        {
            audit.Record(who, "fabric.relation.write", thing.Name, "done", fate.Relation);
        }

        return fates;
    }

    private static async Task<Outcome<ReadOnlyMemory<byte>>> ReadAsync(HttpRequest request, ThingBook things, CancellationToken cancellation)
    {
        if (request.ContentLength > ThingBook.DocumentBytesMax)
        {
            return things.TooLarge();
        }

        var read = new ArrayBufferWriter<byte>();
        while (await request.Body.ReadAsync(read.GetMemory(ChunkBytes), cancellation) is > 0 and var count)
        {
            read.Advance(count);
            if (read.WrittenCount > ThingBook.DocumentBytesMax)
            {
                return things.TooLarge();
            }
        }

        return (Outcome<ReadOnlyMemory<byte>>)read.WrittenMemory;
    }

    private static ThingRow Row(StoredThing stored, int devices) => new(
        stored.Thing, stored.Title, stored.Media, stored.Digest.ToString(), stored.WrittenBy, Clock.FromNs(stored.WrittenNs), devices);

    private static PropertyView View(PropertyMeaning property) => new(
        property.Name, property.Type, property.Unit?.Code, property.Unit is { } unit ? Quantities.NameOf(unit) : null, property.Minimum, property.Maximum, property.ReadOnly,
        property.Observable, property.Types, property.Title, property.Description);
}
