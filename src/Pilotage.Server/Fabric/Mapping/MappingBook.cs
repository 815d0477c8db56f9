using System.Collections.Concurrent;
using Pilotage.Core.Units;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>The mappings of a tenant: taken in, checked against what things mean, and held in memory.</summary>
internal sealed class MappingBook(MappingStore store, ThingBook things, IThings offers, TimeProvider time)
{
    /// <summary>Most mappings of a tenant; each is held in memory.</summary>
    public const int MappingsMax = 100;

    /// <summary>Versions of one mapping that are kept.</summary>
    public const int VersionsMax = 20;

    private readonly ConcurrentDictionary<TenantId, IReadOnlyDictionary<string, TopicMapping>> _known = new();

    // Held while the catalogue is read or written, so that what is remembered is never older than what is written.
    private readonly Lock _changing = new();
    private long _version;

    /// <summary>Another number after every change, so that what was looked up can be kept until then.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>The mapping of that name that is in force, or null.</summary>
    public TopicMapping? Find(TenantId tenant, string name) => Known(tenant).GetValueOrDefault(name);

    /// <summary>All that are in force.</summary>
    public IEnumerable<TopicMapping> InForce(TenantId tenant) => Known(tenant).Values;

    public Outcome<StoredMapping> Stored(TenantId tenant, string name, int? version = null) => store.Find(tenant, name, version) is { } stored
        ? stored
        : new Refusal(
            "fabric.mapping.not_found",
            version is null ? $"There is no mapping \"{Shown(name)}\". One is given with: pilotage mapping add FILE" : $"There is no version {version} of a mapping \"{Shown(name)}\"; the newest {VersionsMax} are kept.");

    public List<StoredMapping> All(TenantId tenant) => store.Current(tenant);

    public List<int> Versions(TenantId tenant, string name) => store.Versions(tenant, name);

    /// <summary>A document as this tenant may use it, or all that is wrong with it. Nothing is kept.</summary>
    public Outcome<TopicMapping> Read(TenantId tenant, string file, ReadOnlyMemory<byte> document) => MappingReader.Read(file, document).Then(mapping => Hold(tenant, file, mapping));

    /// <summary>Takes a document in; on disk when this returns. A version that is there already changes no more.</summary>
    /// <param name="onlyNew">Refused where there is a mapping of that name.</param>
    public Outcome<(StoredMapping Stored, TopicMapping Mapping)> Put(Principal who, string name, ReadOnlyMemory<byte> document, bool onlyNew) =>
        Read(who.Tenant, name + ".yaml", document).Then(mapping => mapping.Name == name
            ? Keep(who, document, mapping, onlyNew)
            : new Refusal("fabric.mapping.invalid", $"The document calls itself {mapping.Name}, and it was sent as {Shown(name)}; they must be the same."));

    /// <summary>Takes a mapping away, all versions of it.</summary>
    public Outcome<string> Remove(TenantId tenant, string name)
    {
        lock (_changing)
        {
            if (store.Delete(tenant, name) == 0)
            {
                return Stored(tenant, name).Refusal;
            }

            Forget(tenant);
            return name;
        }
    }

    private Outcome<(StoredMapping, TopicMapping)> Keep(Principal who, ReadOnlyMemory<byte> document, TopicMapping mapping, bool onlyNew)
    {
        var stored = new StoredMapping(mapping.Name, mapping.Version, Digest.Of(document.Span), who.Id, time.NowNs(), document);
        StoredMapping? before;
        lock (_changing)
        {
            before = store.Find(who.Tenant, mapping.Name, null);
            if (before is not null && before.Digest == stored.Digest)
            {
                return (before, mapping);
            }

            if (WhyNot(who.Tenant, before, mapping, onlyNew) is { } refusal)
            {
                return refusal;
            }

            store.Put(who.Tenant, stored, VersionsMax);
            Forget(who.Tenant);
        }

        // What an earlier version said of a thing type is replaced by what this one says, and what a person said is not.
        var earlier = before is null ? (Outcome<TopicMapping>?)null : MappingReader.Read(before.Name + ".yaml", before.Document);
        var offered = earlier is { IsOk: true } read ? ThingOffers.Of(read.Value).ToDictionary(offer => offer.Thing, offer => offer.Document, StringComparer.Ordinal) : [];
        var described = ThingOffers.Of(mapping)
            .Where(offer => offers.Offer(who, offer.Thing, offer.Document, offered.TryGetValue(offer.Thing, out var own) ? own : null))
            .Select(offer => $"the thing type {offer.Thing} is described by it from now on: pilotage thing show {offer.Thing}").ToList();
        return (stored, mapping with { Notes = [.. mapping.Notes, .. described, .. mapping.Rules.SelectMany(rule => WithoutUnit(who.Tenant, rule)).Distinct(StringComparer.Ordinal)] });
    }

    /// <summary>Properties whose unit the description of their thing type does not have, so that their series have none.</summary>
    private IEnumerable<string> WithoutUnit(TenantId tenant, MappingRule rule) => things.Find(tenant, rule.Thing) is not { } known ? []
        : ThingOffers.Measured(rule).Where(one => known.Properties.GetValueOrDefault(one.Property)?.Unit is null).Select(one =>
            $"{one.Property} of a {rule.Thing} has no unit in its description, so {one.Unit.Code} of the rule {rule.Name} is not kept with the series; describe it with: pilotage thing import FILE --name {rule.Thing} --replace");

    private Refusal? WhyNot(TenantId tenant, StoredMapping? before, TopicMapping mapping, bool onlyNew) => before switch
    {
        not null when onlyNew => new Refusal(
            "fabric.mapping.precondition", $"There is a mapping {mapping.Name} already, in version {before.Version}; raise version: and it is replaced by: pilotage mapping add FILE --replace"),
        not null when before.Version >= mapping.Version => new Refusal(
            "fabric.mapping.conflict", $"The mapping {mapping.Name} is in version {before.Version}, and what was sent is another version {mapping.Version}; write version: {before.Version + 1}."),
        null when Known(tenant).Count >= MappingsMax => new Refusal("fabric.mapping.full", $"There are {MappingsMax} mappings in {tenant}, and no more are kept; one mapping may have {TopicMapping.RulesMax} rules."),
        _ => null,
    };

    /// <summary>What only the tenant's own things can tell: where devices may stand, and whether units fit what is described.</summary>
    private Outcome<TopicMapping> Hold(TenantId tenant, string file, TopicMapping mapping)
    {
        var faults = new List<RefusalDetail>();
        foreach (var rule in mapping.Rules)
        {
            var first = rule.Device.Text.Split('/')[0];
            if (first != "{tenant}" && first != tenant.Value)
            {
                faults.Add(new($"{file}:{rule.Line}", $"the device of the rule {rule.Name} stands below \"{first}\"; devices of yours stand below {{tenant}}/, as in {{tenant}}/lyon/{{machine}}"));
            }

            faults.AddRange(UnitFaults(tenant, rule).Select(why => new RefusalDetail($"{file}:{rule.Line}", why)));
        }

        return faults.Count == 0 ? mapping : new Refusal("fabric.mapping.invalid", $"{faults[0].Where}: {faults[0].Message}{(faults.Count > 1 ? $" (and {faults.Count - 1} more)" : "")}") { Details = faults };
    }

    private IEnumerable<string> UnitFaults(TenantId tenant, MappingRule rule)
    {
        if (things.Find(tenant, rule.Thing) is not { } described)
        {
            yield break;
        }

        foreach (var (property, unit) in ThingOffers.Measured(rule))
        {
            if (described.Properties.GetValueOrDefault(property)?.Unit is { } known && !unit.ConvertsTo(known))
            {
                yield return $"{property} of a {rule.Thing} is described in {known.Code} ({Quantities.NameOf(known)}), and the rule {rule.Name} says {unit.Code} ({Quantities.NameOf(unit)})";
            }
        }
    }

    private IReadOnlyDictionary<string, TopicMapping> Known(TenantId tenant)
    {
        if (_known.TryGetValue(tenant, out var known))
        {
            return known;
        }

        lock (_changing)
        {
            return _known.GetOrAdd(tenant, _ => Load(tenant));
        }
    }

    /// <summary>What a later version may refuse maps no more until it is sent anew; the document stays.</summary>
    private Dictionary<string, TopicMapping> Load(TenantId tenant)
    {
        var read = new Dictionary<string, TopicMapping>(StringComparer.Ordinal);
        foreach (var stored in store.Current(tenant))
        {
            if (MappingReader.Read(stored.Name + ".yaml", stored.Document).TryGet(out var mapping, out _))
            {
                read.Add(stored.Name, mapping);
            }
        }

        return read;
    }

    private void Forget(TenantId tenant)
    {
        _known.TryRemove(tenant, out _);
        Interlocked.Increment(ref _version);
    }

    private static string Shown(string name) => name.Length <= 80 ? name : name[..80] + "…";
}
