using Pilotage.Server.Fabric.Meaning;

namespace Pilotage.Server.Fabric.Hierarchy;

/// <summary>What became of a link of a description.</summary>
/// <param name="At">Where it stands, as a JSON pointer.</param>
/// <param name="Relation">The relation that it is, as <c>asset relate</c> takes it; null where it is none.</param>
/// <param name="Note">Why it is no relation; the link stays in the description. Null where it is one.</param>
internal sealed record LinkFate(string At, string Rel, string Href, string? Relation, string? Note);

/// <summary>Makes links between things the relations that they mean; the others are told, and stay in the description.</summary>
/// <remarks>
/// The relations of TD 1.1, section 5.3.4.1, and our own words, with or without what stands before their last <c>:</c>, <c>/</c> or <c>#</c>. The link is about its
/// anchor, else the id of the thing, else what the thing type is called: the first of them that is an asset or a device here.
/// </remarks>
internal sealed class LinkRelations(AssetBook book)
{
    /// <summary>Most links of a description that are looked at; the others are told.</summary>
    public const int LinksMax = 100;

    private const string PropertyAnchor = "#/properties/";
    private static readonly string[] Endings = [".td.json", ".tm.json", ".td.jsonld", ".jsonld", ".json"];

    // The target's place in the relation, and the relation.
    private static readonly Dictionary<string, (string Relation, bool IsTargetFirst)> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["partOf"] = ("part-of", false), ["part-of"] = ("part-of", false), ["isPartOf"] = ("part-of", false), ["collection"] = ("part-of", false),
        ["item"] = ("part-of", true), ["hasPart"] = ("part-of", true), ["feeds"] = ("feeds", false), ["isFedBy"] = ("feeds", true), ["measures"] = ("measures", false), ["isMeasuredBy"] = ("measures", true),
    };

    /// <summary>What each link means, and whether it is a relation by now; changes nothing.</summary>
    public IReadOnlyList<LinkFate> Of(TenantId tenant, ThingDescription thing)
    {
        var known = book.Of(tenant).Relations.ToHashSet();
        return Fates(tenant, thing, wish => book.Read(tenant, wish).Then(relation => known.Contains(relation)
            ? (Outcome<bool>)true
            : new Refusal("fabric.relation.not_found", "it is no relation now; sending the description again makes it one")));
    }

    /// <summary>Makes every link a relation that can be one; where one of them cannot, each by itself, for what it leads to may come later.</summary>
    public IReadOnlyList<LinkFate> Take(TenantId tenant, ThingDescription thing)
    {
        var wishes = new List<RelationWish>();
        var fates = Fates(tenant, thing, wish =>
        {
            wishes.Add(wish);
            return true;
        });
        return wishes.Count == 0 || book.Add(tenant, [], wishes).IsOk ? fates : Fates(tenant, thing, wish => book.Add(tenant, [], [wish]).Then(_ => (Outcome<bool>)true));
    }

    private List<LinkFate> Fates(TenantId tenant, ThingDescription thing, Func<RelationWish, Outcome<bool>> take)
    {
        var fates = thing.Links.Take(LinksMax).Select((link, at) => Fate(tenant, thing, link, at, take)).ToList();
        if (thing.Links.Count > LinksMax)
        {
            fates.Add(new LinkFate($"/links/{LinksMax}", "", "", null, $"there are {thing.Links.Count} links, and the first {LinksMax} are looked at; send the others with a description of their own"));
        }

        return fates;
    }

    private LinkFate Fate(TenantId tenant, ThingDescription thing, ThingLink link, int at, Func<RelationWish, Outcome<bool>> take)
    {
        var fate = new LinkFate($"/links/{at}", link.Rel, link.Href, null, null);
        if (!Words.TryGetValue(link.Rel[(link.Rel.LastIndexOfAny([':', '/', '#']) + 1)..], out var word))
        {
            return fate with { Note = $"the relation {(link.Rel.Length == 0 ? "is missing" : $"\"{link.Rel}\" is none of ours")}; known are {string.Join(", ", Words.Keys)}" };
        }

        if (link.Href.Length == 0 || Known(tenant, link.Href) is not { } target)
        {
            var missing = link.Href.Length == 0 ? "href is missing" : $"\"{link.Href}\" is neither an asset nor a device here";
            return fate with { Note = $"{missing}; add it with: pilotage asset add NAME --level LEVEL, and send the description again" };
        }

        var (anchor, property) = Anchor(link.Anchor);
        if (Known(tenant, anchor is null ? [thing.Id, thing.Name] : [anchor]) is not { } subject)
        {
            var why = anchor is null ? "neither the id of the description nor the name of the thing type is one here" : $"\"{anchor}\" is no asset or device here";
            return fate with { Note = $"who it is about is not known: {why}; give the link the anchor of an asset or a device" };
        }

        var wish = word.IsTargetFirst ? new RelationWish("link", target, property, word.Relation, subject) : new RelationWish("link", subject, property, word.Relation, target);
        return take(wish).TryGet(out _, out var refusal)
            ? fate with { Relation = $"{wish.From}{(wish.Property is null ? "" : $" {wish.Property}")} {wish.Relation} {wish.To}" }
            : fate with { Note = refusal.Message.Replace("Nothing was changed: link: ", "", StringComparison.Ordinal).TrimEnd('.') };
    }

    /// <summary>What a link is about, and which series of it: <c>#/properties/vibration</c> is a series of the thing itself.</summary>
    private static (string? Anchor, string? Property) Anchor(string? anchor)
    {
        var at = anchor?.IndexOf(PropertyAnchor, StringComparison.Ordinal) ?? -1;
        return at < 0 ? (anchor, null) : (at == 0 ? null : anchor![..at], Uri.UnescapeDataString(anchor![(at + PropertyAnchor.Length)..]));
    }

    private string? Known(TenantId tenant, params IReadOnlyList<string?> addresses) =>
        addresses.OfType<string>().SelectMany(NamesOf).FirstOrDefault(name => book.IsKnown(tenant, name));

    /// <summary>What an address may be called here: all of it, then its last part without what files of descriptions end in.</summary>
    private static IEnumerable<string> NamesOf(string address)
    {
        yield return address;
        var plain = Uri.UnescapeDataString(address.Split('#', '?')[0]).TrimEnd('/');
        plain = Array.Find(Endings, ending => plain.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) is { } known ? plain[..^known.Length] : plain;
        yield return plain[(plain.LastIndexOf('/') + 1)..];
        yield return plain[(plain.LastIndexOfAny(['/', ':']) + 1)..];
    }
}
