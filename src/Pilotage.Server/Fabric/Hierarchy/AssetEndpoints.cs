using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Hierarchy;

/// <summary>Assets and relations over HTTP.</summary>
internal static class AssetEndpoints
{
    private const int DocumentBytesMax = 512 * 1024;
    private const int PageDefault = 1_000;
    private const int PageMax = 10_000;

    /// <summary>An asset: what it is part of, and how many assets and devices are part of it directly.</summary>
    internal sealed record AssetRow(string Name, string Level, string Title, string? PartOf, int Parts);

    internal sealed record AssetPage(IReadOnlyList<AssetRow> Items, string? NextCursor);

    /// <summary>An asset with all it is part of, the nearest first, and its relations.</summary>
    internal sealed record AssetView(string Name, string Level, string Title, IReadOnlyList<string> Above, IReadOnlyList<RelationRow> Relations);

    /// <summary>A relation; an end that is a device says its path, or that there is none any more.</summary>
    internal sealed record RelationRow(string From, string? Property, string Relation, string To, string? FromPath, string? ToPath, string? Note);

    internal sealed record RelationPage(IReadOnlyList<RelationRow> Items, string? NextCursor);

    /// <summary>An asset to be; parts that are left out stay as they are.</summary>
    internal sealed record AssetBody(string? Level, string? Title, string? PartOf);

    internal sealed record RelationBody(string From, string Relation, string To, string? Property);

    /// <summary>What was changed, and how many there are now.</summary>
    /// <param name="RelationsReplaced">Relations whose place another one took: what is part of one thing is part of no other.</param>
    /// <param name="Assets">Assets that there are now.</param>
    /// <param name="Relations">Relations that there are now.</param>
    internal sealed record AssetCountsView(int AssetsAdded, int AssetsChanged, int RelationsAdded, int RelationsReplaced, int Assets, int Relations);

    public static IResult List(string? level, string? cursor, int? limit, Principal who, AssetBook book) =>
        QueryBounds.OneOf("level", level, AssetLevels.Words).Then(word => QueryBounds.Limit(limit, PageDefault, PageMax).Then(size =>
        {
            var graph = book.Of(who.Tenant);
            var parts = graph.Relations.Where(one => one.Kind == RelationKind.PartOf).GroupBy(one => one.To).ToDictionary(of => of.Key, of => of.Count());
            var rest = graph.Assets.Values.Where(asset => (word is null || asset.Level.Word() == word) && (cursor is null || string.CompareOrdinal(asset.Name, cursor) > 0))
                .OrderBy(asset => asset.Name, StringComparer.Ordinal).Take(size + 1).Select(asset => Row(graph, parts, asset)).ToList();
            return (Outcome<AssetPage>)new AssetPage([.. rest.Take(size)], rest.Count > size ? rest[size - 1].Name : null);
        })).ToHttp();

    public static IResult Show(string name, Principal who, AssetBook book, IFleet fleet)
    {
        name = AssetNode.NameOfAsset(name);
        var graph = book.Of(who.Tenant);
        if (graph.Assets.GetValueOrDefault(name) is not { } asset)
        {
            return AssetBook.NotFound(name).ToHttp();
        }

        var node = AssetNode.OfAsset(name);
        return TypedResults.Ok(new AssetView(
            name, asset.Level.Word(), asset.Title, [.. graph.Above(node).Select(above => above.Name)],
            [.. Ordered(graph.Relations.Where(one => one.From == node || one.To == node)).Select(one => Row(who.Tenant, fleet, one))]));
    }

    public static IResult Put(string name, AssetBody body, Principal who, AssetBook book, IFleet fleet, IAudit audit)
    {
        name = AssetNode.NameOfAsset(name);
        var put = book.Add(who.Tenant, [new AssetWish(name, name, body.Level, body.Title, body.PartOf)], []);
        audit.Record(who, "fabric.asset.write", Shown(name), put.IsOk ? "done" : "refused", put.IsOk ? null : put.Refusal.Code);
        return put.IsOk ? Show(name, who, book, fleet) : put.Refusal.ToHttp();
    }

    public static IResult Remove(string name, Principal who, AssetBook book, IAudit audit)
    {
        name = AssetNode.NameOfAsset(name);
        var removed = book.Remove(who.Tenant, name);
        audit.Record(who, "fabric.asset.delete", Shown(name), removed.IsOk ? "done" : "refused", removed.IsOk ? null : removed.Refusal.Code);
        return removed.ToHttp(_ => TypedResults.NoContent());
    }

    public static IResult Relations(string? node, string? relation, string? cursor, int? limit, Principal who, AssetBook book, IFleet fleet) =>
        QueryBounds.OneOf("relation", relation, Relation.Words).Then(word => QueryBounds.Limit(limit, PageDefault, PageMax).Then(size =>
        {
            // A prefix says whether an asset or a device is meant; without one, both are.
            var (isSaid, said) = (AssetNode.TryParse(node ?? "", out var parsed), parsed);
            var name = isSaid ? said.Name : node;
            var named = name is null ? null : fleet.Resolve(who.Tenant, name).TryGet(out var device, out _) ? device.Id.Value : name;
            bool IsMeant(AssetNode end) => (!isSaid || end.IsDevice == said.IsDevice) && (end.Name == name || end.Name == named);
            var rest = Ordered(book.Of(who.Tenant).Relations.Where(one => (word is null || one.Word == word) && (node is null || IsMeant(one.From) || IsMeant(one.To))))
                .Where(one => cursor is null || string.CompareOrdinal(one.ToString(), cursor) > 0).Take(size + 1).ToList();
            return (Outcome<RelationPage>)new RelationPage([.. rest.Take(size).Select(one => Row(who.Tenant, fleet, one))], rest.Count > size ? rest[size - 1].ToString() : null);
        })).ToHttp();

    public static IResult Relate(RelationBody body, Principal who, AssetBook book, IFleet fleet, IAudit audit)
    {
        var put = book.Add(who.Tenant, [], [new RelationWish("relation", body.From, body.Property, body.Relation, body.To)]);
        audit.Record(who, "fabric.relation.write", Shown(body.From), put.IsOk ? "done" : "refused", put.IsOk ? $"{body.Relation} {Shown(body.To)}" : put.Refusal.Code);
        return put.ToHttp(Counts);
    }

    public static IResult Unrelate(string from, string relation, string to, string? property, Principal who, AssetBook book, IFleet fleet, IAudit audit)
    {
        var removed = book.Remove(who.Tenant, new RelationWish("relation", from, property, relation, to));
        audit.Record(who, "fabric.relation.delete", Shown(from), removed.IsOk ? "done" : "refused", removed.IsOk ? $"{removed.Value}" : removed.Refusal.Code);
        return removed.ToHttp(gone => TypedResults.Ok(Row(who.Tenant, fleet, gone)));
    }

    public static async Task<IResult> ImportAsync(HttpRequest request, Principal who, AssetBook book, IAudit audit, CancellationToken cancellation)
    {
        using var read = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (await request.Body.ReadAsync(buffer, cancellation) is > 0 and var count)
        {
            read.Write(buffer.AsSpan(0, count));
            if (read.Length > DocumentBytesMax)
            {
                return new Refusal("fabric.asset.too_large", $"The document has more than {DocumentBytesMax} bytes, the most that is read; send several.").ToHttp();
            }
        }

        var put = AssetReader.Read(read.ToArray()).Then(wishes => book.Add(who.Tenant, wishes.Assets, wishes.Relations));
        audit.Record(who, "fabric.asset.import", "assets", put.IsOk ? "done" : "refused", put.IsOk ? $"{put.Value.AssetsAdded + put.Value.AssetsChanged} assets, {put.Value.RelationsAdded} relations" : put.Refusal.Code);
        return put.ToHttp(Counts);
    }

    private static IResult Counts(AssetChange change) => TypedResults.Ok(new AssetCountsView(
        change.AssetsAdded, change.AssetsChanged, change.RelationsAdded, change.RelationsReplaced, change.After.Assets.Count, change.After.Relations.Count));

    private static IOrderedEnumerable<Relation> Ordered(IEnumerable<Relation> relations) => relations.OrderBy(one => one.ToString(), StringComparer.Ordinal);

    private static AssetRow Row(AssetGraph graph, Dictionary<AssetNode, int> parts, Asset asset)
    {
        var node = AssetNode.OfAsset(asset.Name);
        return new AssetRow(asset.Name, asset.Level.Word(), asset.Title, graph.ParentOf(node)?.Name, parts.GetValueOrDefault(node));
    }

    private static RelationRow Row(TenantId tenant, IFleet fleet, Relation relation)
    {
        var (from, to) = (PathOf(tenant, fleet, relation.From), PathOf(tenant, fleet, relation.To));
        var gone = relation.From.IsDevice && from is null ? relation.From.Name : relation.To.IsDevice && to is null ? relation.To.Name : null;
        return new RelationRow(relation.From.Name, relation.Property, relation.Word, relation.To.Name, from, to, gone is null ? null : $"there is no device {gone} any more");
    }

    private static string? PathOf(TenantId tenant, IFleet fleet, AssetNode node) => node.IsDevice ? fleet.Find(tenant, new DeviceId(node.Name))?.Path : null;

    private static string Shown(string name) => name.Length <= 80 ? name : name[..80] + "…";
}
