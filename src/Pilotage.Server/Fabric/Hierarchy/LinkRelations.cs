using Pilotage.Server.Fabric.Meaning;

namespace Pilotage.Server.Fabric.Hierarchy;

/// <summary>What became of a link of a description.</summary>
/// <param name="At">Where it stands, as a JSON pointer.</param>
/// <param name="Relation">The relation that it is, as <c>asset relate</c> takes it; null where it is none.</param>
/// <param name="Note">Why it is no relation, the link stays in the description then; or which relation it replaced. Null where it is one and replaced none.</param>
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

    private const string OneWhole = "what is part of one thing is part of no other";
    private const string NotNow = "it is no relation now; sending the description again makes it one";
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
            : new Refusal("fabric.relation.not_found", NotNow))).ConvertAll(fate => fate.Fate);
    }

    /// <summary>Takes the relations away that an earlier version of the description had links for and this one has not; which those are.</summary>
    public IReadOnlyList<Relation> Drop(TenantId tenant, ThingDescription thing) => book.RemoveUndescribed(
        tenant, thing.Name, thing.Links.Take(LinksMax).Select(link => Wish(tenant, thing, link).Then(wish => book.Read(tenant, wish))).Where(read => read.IsOk).Select(read => read.Value).ToHashSet());

    /// <summary>Makes every link a relation that can be one; where one of them cannot, each by itself, for what it leads to may come later.</summary>
    public IReadOnlyList<LinkFate> Take(TenantId tenant, ThingDescription thing)
    {
        var before = book.Of(tenant).Relations;
        var wishes = new List<RelationWish>();
        var fates = Fates(tenant, thing, wish =>
        {
            wishes.Add(wish);
            return true;
        });
        fates = wishes.Count == 0 || book.Add(tenant, [], wishes, thing.Name).IsOk ? fates : Fates(tenant, thing, wish => book.Add(tenant, [], [wish], thing.Name).Then(_ => (Outcome<bool>)true));
        return fates.ConvertAll(fate => fate.Part is { } part && fate.Fate.Relation is not null && before.FirstOrDefault(one => one.Kind == RelationKind.PartOf && one.From == part.From && one != part) is { } gone
            ? fate.Fate with { Note = $"replaced {gone}, for {OneWhole}" }
            : fate.Fate);
    }

    private List<Told> Fates(TenantId tenant, ThingDescription thing, Func<RelationWish, Outcome<bool>> take)
    {
        var fates = thing.Links.Take(LinksMax).Select(link => Fate(tenant, thing, link, take)).ToList();
        fates = [.. fates.Select((fate, at) => Replaced(fate, fates.Skip(at + 1)))];
        if (thing.Links.Count > LinksMax)
        {
            fates.Add(new Told(new LinkFate(
                $"/links/{LinksMax}", "", "", null, $"there are {thing.Links.Count} links, and the first {LinksMax} are looked at; send the others with a description of their own"), null));
        }

        return fates;
    }

    /// <summary>Of several that say what a thing is part of, the last one counts.</summary>
    private static Told Replaced(Told fate, IEnumerable<Told> later)
    {
        bool Replaces(Told other) => other.Part is { } part && part.From == fate.Part!.From && part != fate.Part
            && (other.Fate.Relation is not null || (fate.Fate.Note == NotNow && other.Fate.Note == NotNow));
        return fate.Part is not null && (fate.Fate.Relation is not null || fate.Fate.Note == NotNow) && later.LastOrDefault(Replaces) is { } by
            ? fate with { Fate = fate.Fate with { Relation = null, Note = $"replaced by {by.Fate.At}, for {OneWhole}" } }
            : fate;
    }

    private Told Fate(TenantId tenant, ThingDescription thing, ThingLink link, Func<RelationWish, Outcome<bool>> take)
    {
        var fate = new LinkFate(link.At, link.Rel, link.Href, null, null);
        if (!Wish(tenant, thing, link).TryGet(out var wish, out var refusal))
        {
            return new Told(fate with { Note = refusal.Message }, null);
        }

        var part = book.Read(tenant, wish).TryGet(out var relation, out _) && relation.Kind == RelationKind.PartOf ? relation : null;
        return new Told(
            take(wish).TryGet(out _, out refusal)
                ? fate with { Relation = $"{wish.From}{(wish.Property is null ? "" : $" {wish.Property}")} {wish.Relation} {wish.To}" }
                : fate with { Note = refusal.Message.Replace("Nothing was changed: link: ", "", StringComparison.Ordinal).TrimEnd('.') },
            part);
    }

    /// <summary>The relation that a link asks for, or why it asks for none.</summary>
    private Outcome<RelationWish> Wish(TenantId tenant, ThingDescription thing, ThingLink link)
    {
        if (link.Fault is { } fault)
        {
            return None(fault);
        }

        if (!Words.TryGetValue(link.Rel[(link.Rel.LastIndexOfAny([':', '/', '#']) + 1)..], out var word))
        {
            return None($"the relation {(link.Rel.Length == 0 ? "is missing" : $"\"{link.Rel}\" is none of ours")}; known are {string.Join(", ", Words.Keys)}");
        }

        if (link.EndFault is not null || link.Href.Length == 0)
        {
            return None(link.EndFault ?? "href is missing; write the asset or device that the link leads to");
        }

        if (Known(tenant, link.Href) is not { } target)
        {
            return None($"\"{link.Href}\" is neither an asset nor a device here; add it with: pilotage asset add NAME --level LEVEL, and send the description again");
        }

        var (anchor, property) = Anchor(link.Anchor);
        if (Known(tenant, anchor is null ? [thing.Id, thing.Name] : [anchor]) is not { } subject)
        {
            var why = anchor is null ? "neither the id of the description nor the name of the thing type is one here" : $"\"{anchor}\" is no asset or device here";
            return None($"who it is about is not known: {why}; give the link the anchor of an asset or a device");
        }

        return word.IsTargetFirst ? new RelationWish("link", target, property, word.Relation, subject) : new RelationWish("link", subject, property, word.Relation, target);
    }

    private static Refusal None(string why) => new("fabric.relation.none", why);

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

    /// <summary>What became of a link, and the relation that it is where that says what something is part of.</summary>
    private sealed record Told(LinkFate Fate, Relation? Part);
}
