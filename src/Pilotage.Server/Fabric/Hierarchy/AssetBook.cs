using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Hierarchy;

/// <summary>An asset as somebody wishes it; parts that are null stay as they are.</summary>
/// <param name="Where">Where it was said, for whoever is told what is wrong with it.</param>
internal sealed record AssetWish(string Where, string Name, string? Level, string? Title, string? PartOf);

/// <summary>A relation as somebody wishes it: ends by asset or device, as they are called.</summary>
internal sealed record RelationWish(string Where, string From, string? Property, string Relation, string To);

/// <summary>The assets of all tenants: changed as a whole or not at all, checked, on disk, and read in memory.</summary>
internal sealed partial class AssetBook
{
    /// <summary>Most assets of a tenant; each is held in memory.</summary>
    public const int AssetsMax = 10_000;

    /// <summary>Most relations of a tenant.</summary>
    public const int RelationsMax = 50_000;

    private const int TitleCharsMax = 200;
    private const int FaultsMax = 50;
    private const int SeriesShown = 20;
    private readonly ConcurrentDictionary<TenantId, AssetGraph> _known = new();
    private readonly Lock _changing = new();
    private readonly AssetStore _store;
    private readonly IFleet _fleet;
    private readonly TimeSeriesStore _series;
    private readonly ThingBook _things;

    public AssetBook(AssetStore store, IFleet fleet, TimeSeriesStore series, ThingBook things, IMeterFactory meters)
    {
        (_store, _fleet, _series, _things) = (store, fleet, series, things);
        var meter = meters.Create("Pilotage.Server");
        meter.CreateObservableGauge("pilotage.assets.known", () => _known.Values.Sum(graph => (long)graph.Assets.Count), "{asset}", "Assets of the tenants that asked since the start.");
        meter.CreateObservableGauge("pilotage.assets.relations", () => _known.Values.Sum(graph => (long)graph.Relations.Count), "{relation}", "Relations between assets and devices, of the same tenants.");
    }

    public AssetGraph Of(TenantId tenant)
    {
        if (_known.TryGetValue(tenant, out var graph))
        {
            return graph;
        }

        lock (_changing)
        {
            return _known.GetOrAdd(tenant, _store.Read);
        }
    }

    /// <summary>Adds assets and relations, or changes those that are there: all of it, or none with everything that is wrong.</summary>
    /// <param name="tenant">Whose they are.</param>
    /// <param name="assets">Assets.</param>
    /// <param name="relations">Relations, beside those that assets name.</param>
    /// <param name="thing">The thing type whose description says it; null where somebody does.</param>
    public Outcome<AssetChange> Add(TenantId tenant, IReadOnlyList<AssetWish> assets, IReadOnlyList<RelationWish> relations, string? thing = null)
    {
        lock (_changing)
        {
            var before = _known.GetOrAdd(tenant, _store.Read);
            var faults = new List<RefusalDetail>();
            var said = new List<Relation>();
            var after = Wished(tenant, before, assets, relations, said, faults);
            if (faults.Count > 0)
            {
                return new Refusal("fabric.asset.invalid", $"Nothing was changed: {faults[0].Where}: {faults[0].Message}{(faults.Count > 1 ? $" (and {faults.Count - 1} more)" : "")}.") { Details = [.. faults.Take(FaultsMax)] };
            }

            if (after.Assets.Count > AssetsMax || after.Relations.Count > RelationsMax)
            {
                return new Refusal("fabric.asset.full", $"There would be {after.Assets.Count} assets and {after.Relations.Count} relations in {tenant}; {AssetsMax} and {RelationsMax} are the most that are kept.");
            }

            return new AssetChange(before, Put(tenant, before, after, said, thing));
        }
    }

    /// <summary>Takes an asset away that nothing refers to.</summary>
    public Outcome<Asset> Remove(TenantId tenant, string name)
    {
        lock (_changing)
        {
            var before = _known.GetOrAdd(tenant, _store.Read);
            if (before.Assets.GetValueOrDefault(name) is not { } asset)
            {
                return NotFound(name);
            }

            var node = AssetNode.OfAsset(name);
            if (before.Relations.FirstOrDefault(one => one.To == node) is { } user)
            {
                return new Refusal(
                    "fabric.asset.in_use", $"{user} is a relation to it; take it away first with: pilotage asset unrelate {user.From.Name} {user.Word} {name}{(user.Property is null ? "" : $" --property {user.Property}")} --yes");
            }

            Put(tenant, before, new AssetGraph([.. before.Assets.Values.Where(one => one != asset)], [.. before.Relations.Where(one => one.From != node)]));
            return asset;
        }
    }

    /// <summary>Takes one relation away.</summary>
    public Outcome<Relation> Remove(TenantId tenant, RelationWish wish)
    {
        lock (_changing)
        {
            var before = _known.GetOrAdd(tenant, _store.Read);
            var faults = new List<RefusalDetail>();
            if (Read(tenant, before.Assets.Keys.ToHashSet(StringComparer.Ordinal), wish, faults) is not { } relation)
            {
                return new Refusal("fabric.asset.invalid", $"{faults[0].Where}: {faults[0].Message}.") { Details = faults };
            }

            if (!before.Relations.Contains(relation))
            {
                return new Refusal("fabric.relation.not_found", $"There is no relation {relation}. See what there is: pilotage asset relations {wish.From}");
            }

            Put(tenant, before, new AssetGraph(before.Assets.Values, [.. before.Relations.Where(one => one != relation)]));
            return relation;
        }
    }

    /// <summary>Takes relations away that a description had links for and has no more, unless somebody or another description says them too; which those are.</summary>
    /// <param name="tenant">Whose they are.</param>
    /// <param name="thing">The thing type that is described.</param>
    /// <param name="links">What its links mean now. Where one says what a thing is part of, it takes the place of the relation that did, which is left to it.</param>
    public IReadOnlyList<Relation> RemoveUndescribed(TenantId tenant, string thing, IReadOnlySet<Relation> links)
    {
        lock (_changing)
        {
            var before = _known.GetOrAdd(tenant, _store.Read);
            var parts = links.Where(link => link.Kind == RelationKind.PartOf).Select(link => link.From).ToHashSet();
            var dropped = _store.Described(tenant, thing).Where(one => !links.Contains(one) && !(one.Kind == RelationKind.PartOf && parts.Contains(one.From))).ToList();
            var gone = dropped.Where(one => before.Relations.Contains(one) && !_store.IsDescribedElsewhere(tenant, thing, one)).ToHashSet();
            if (dropped.Count > gone.Count)
            {
                _store.Undescribe(tenant, thing, dropped);
            }

            if (gone.Count > 0)
            {
                Put(tenant, before, new AssetGraph(before.Assets.Values, [.. before.Relations.Where(one => !gone.Contains(one))]));
            }

            return [.. gone.OrderBy(one => one.ToString(), StringComparer.Ordinal)];
        }
    }

    /// <summary>Whether a name is that of an asset or a device, so that a relation may end there.</summary>
    public bool IsKnown(TenantId tenant, string name) => NodeOf(tenant, Of(tenant).Assets.Keys.ToHashSet(StringComparer.Ordinal), name) is not null;

    /// <summary>The relation that is wished, there or not; changes nothing.</summary>
    public Outcome<Relation> Read(TenantId tenant, RelationWish wish)
    {
        var faults = new List<RefusalDetail>();
        return Read(tenant, Of(tenant).Assets.Keys.ToHashSet(StringComparer.Ordinal), wish, faults) is { } relation ? relation : new Refusal("fabric.asset.invalid", faults[0].Message);
    }

    public static Refusal NotFound(string name) =>
        new("fabric.asset.not_found", $"There is no asset \"{(name.Length <= 80 ? name : name[..80] + "…")}\". One is added with: pilotage asset add NAME --level LEVEL");

    private AssetGraph Put(TenantId tenant, AssetGraph before, AssetGraph after, IReadOnlyCollection<Relation>? said = null, string? thing = null)
    {
        _store.Write(tenant, before, after, said ?? [], thing);
        return _known[tenant] = after;
    }

    private AssetGraph Wished(TenantId tenant, AssetGraph before, IReadOnlyList<AssetWish> wishes, IReadOnlyList<RelationWish> relationWishes, List<Relation> said, List<RefusalDetail> faults)
    {
        var assets = new Dictionary<string, Asset>(before.Assets, StringComparer.Ordinal);
        foreach (var wish in wishes)
        {
            if (Read(wish, before.Assets.GetValueOrDefault(wish.Name), faults) is { } asset)
            {
                assets[asset.Name] = asset;
            }
        }

        var relations = before.Relations.ToHashSet();
        var names = assets.Keys.ToHashSet(StringComparer.Ordinal);
        List<RelationWish> all =
        [
            .. wishes.Where(wish => wish.PartOf is not null && names.Contains(wish.Name)).Select(wish => new RelationWish(wish.Where, "asset:" + wish.Name, null, "part-of", wish.PartOf!)), .. relationWishes,
        ];
        foreach (var wish in all)
        {
            if (Read(tenant, names, wish, faults) is not { } relation)
            {
                continue;
            }

            if (relation.Kind == RelationKind.PartOf)
            {
                // Of one only: the one that is said last.
                relations.RemoveWhere(one => one.Kind == RelationKind.PartOf && one.From == relation.From);
            }

            relations.Add(relation);
            said.Add(relation);
        }

        var after = new AssetGraph(assets.Values, relations);
        var added = all.Count > 0 ? all[0].Where : wishes.Count > 0 ? wishes[0].Where : "";
        faults.AddRange(after.Relations.Where(one => one.Kind == RelationKind.PartOf).Select(one => Misplaced(after, one)).OfType<string>().Take(FaultsMax).Select(says => new RefusalDetail(added, says)));
        return after;
    }

    private static Asset? Read(AssetWish wish, Asset? before, List<RefusalDetail> faults)
    {
        var level = before?.Level ?? AssetLevel.Component;
        var why = !Name().IsMatch(wish.Name) ? $"\"{wish.Name}\" is not the name of an asset: letters, digits, - _ and ., a letter or digit first, at most 63"
            : wish.Level is null && before is null ? $"{wish.Name} needs a level: {string.Join(", ", AssetLevels.Words)}"
            : wish.Level is not null && !AssetLevels.TryParse(wish.Level, out level) ? $"\"{wish.Level}\" is no level; known are {string.Join(", ", AssetLevels.Words)}"
            : wish.Title?.Length > TitleCharsMax ? $"the title has {wish.Title.Length} characters; {TitleCharsMax} are the most"
            : null;
        if (why is null)
        {
            return new Asset(wish.Name, level, wish.Title ?? before?.Title ?? "");
        }

        faults.Add(new(wish.Where, why));
        return null;
    }

    private Relation? Read(TenantId tenant, HashSet<string> assets, RelationWish wish, List<RefusalDetail> faults)
    {
        var kind = Relation.Words.ToList().IndexOf(wish.Relation);
        var (from, to) = (NodeOf(tenant, assets, wish.From), NodeOf(tenant, assets, wish.To));
        var why = kind < 0 ? $"\"{wish.Relation}\" is no relation; known are {string.Join(", ", Relation.Words)}"
            : from is null ? Unknown(wish.From)
            : to is null ? Unknown(wish.To)
            : from == to ? $"{from} cannot be related to itself"
            : kind == (int)RelationKind.Measures && !from.Value.IsDevice ? $"{from} is no device, and only devices measure"
            : wish.Property is not null && kind != (int)RelationKind.Measures ? "a property belongs to measures alone"
            : wish.Property is { } property ? WhyNot(tenant, from.Value, property)
            : null;
        if (why is null)
        {
            return new Relation(from!.Value, wish.Property, (RelationKind)kind, to!.Value);
        }

        faults.Add(new(wish.Where, why));
        return null;
    }

    /// <summary>Why a property can be no series of a device; null where it is one, is described as one, or nothing is known of the device yet.</summary>
    private string? WhyNot(TenantId tenant, AssetNode node, string property)
    {
        if (!TelemetryReader.IsProperty(property))
        {
            return $"\"{property}\" cannot be the name of a property";
        }

        var device = _fleet.Find(tenant, new DeviceId(node.Name));
        var known = _series.Series(tenant, new DeviceId(node.Name)).Select(key => key.Property)
            .Concat(device is null ? [] : _things.Find(tenant, device.Thing)?.Properties.Keys ?? []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return known.Count == 0 || known.Contains(property, StringComparer.Ordinal)
            ? null
            : $"{node.Name} has no series \"{property}\", and its thing type describes none; it has {string.Join(", ", known.Take(SeriesShown))}{(known.Count > SeriesShown ? " and more" : "")}";
    }

    /// <summary>An asset before a device of the same name; <c>asset:</c> or <c>device:</c> before it says which.</summary>
    private AssetNode? NodeOf(TenantId tenant, HashSet<string> assets, string name)
    {
        var isSaid = AssetNode.TryParse(name, out var said);
        if ((!isSaid || !said.IsDevice) && assets.Contains(isSaid ? said.Name : name))
        {
            return AssetNode.OfAsset(isSaid ? said.Name : name);
        }

        return (!isSaid || said.IsDevice) && _fleet.Resolve(tenant, isSaid ? said.Name : name).TryGet(out var device, out _) ? AssetNode.OfDevice(device.Id) : null;
    }

    private static string Unknown(string name) =>
        $"\"{(name.Length <= 80 ? name : name[..80] + "…")}\" is neither an asset nor a device; see pilotage asset list and pilotage device list";

    /// <summary>Why a part cannot be a part of that; null where it can.</summary>
    private static string? Misplaced(AssetGraph graph, Relation relation)
    {
        if (graph.GoesRound(relation.From))
        {
            return $"{relation.From.Name} would be a part of itself: {string.Join(" is part of ", graph.Above(relation.From).Select(node => node.Name).Prepend(relation.From.Name))}";
        }

        var (part, whole) = (graph.Assets.GetValueOrDefault(relation.From.Name), graph.Assets.GetValueOrDefault(relation.To.Name));
        return !relation.From.IsDevice && !relation.To.IsDevice && part!.Level < whole!.Level
            ? $"{part.Name} is a {part.Level.Word()}, and stands above {whole.Name}, a {whole.Level.Word()}; what is part of another stands no higher"
            : null;
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
    private static partial Regex Name();
}
