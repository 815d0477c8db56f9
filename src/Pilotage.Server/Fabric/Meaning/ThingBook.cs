using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Pilotage.Core.Units;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Meaning;

/// <summary>What the thing types of a tenant mean: descriptions taken in, and read in memory because every answer asks for a unit.</summary>
internal sealed partial class ThingBook
{
    /// <summary>Most thing types of a tenant that are described; each is held in memory.</summary>
    public const int ThingsMax = 1_000;

    /// <summary>Largest document: a description of a thousand properties has some hundred kilobytes.</summary>
    public const int DocumentBytesMax = 512 * 1024;

    private readonly ThingStore _store;
    private readonly TimeProvider _time;
    private readonly Counter<long> _imports;
    private readonly ConcurrentDictionary<TenantId, IReadOnlyDictionary<string, ThingDescription>> _known = new();

    // Held while the catalogue is read or written, so that what is remembered is never older than what is written.
    private readonly Lock _changing = new();
    private long _version;

    public ThingBook(ThingStore store, TimeProvider time, IMeterFactory meters)
    {
        (_store, _time) = (store, time);
        _imports = meters.Create("Pilotage.Server").CreateCounter<long>("pilotage.things.imports", "{description}", "Thing descriptions that were sent, by result: done, refused.");
        Count(0, "done");
        Count(0, "refused");
    }

    /// <summary>Another number after every change, so that what was looked up can be kept until then.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>The description of a thing type, or null.</summary>
    public ThingDescription? Find(TenantId tenant, string thing) => Known(tenant).GetValueOrDefault(thing);

    /// <summary>The thing types that are described.</summary>
    public IEnumerable<string> Names(TenantId tenant) => Known(tenant).Keys;

    /// <summary>What a property of a device means, or null where nothing describes it.</summary>
    public PropertyMeaning? MeaningOf(Device device, string property) => Find(device.Tenant, device.Thing)?.Properties.GetValueOrDefault(property);

    /// <summary>The unit a property of a device is measured in, or null where nothing says so.</summary>
    public Unit? UnitOf(Device device, string property) => MeaningOf(device, property)?.Unit;

    public Outcome<StoredThing> Stored(TenantId tenant, string thing) => _store.Find(tenant, thing) is { } stored
        ? stored
        : new Refusal("fabric.thing.not_found", $"The thing type \"{DescriptionFaults.Shown(thing)}\" has no description. One is given with: pilotage thing import FILE");

    public List<StoredThing> Page(TenantId tenant, string after, int limit) => _store.Page(tenant, after, limit);

    /// <summary>Takes a description in the place of the one that is there; on disk when this returns.</summary>
    /// <param name="onlyNew">Refused where there is one.</param>
    public Outcome<StoredThing> Put(Principal who, string thing, string media, ReadOnlyMemory<byte> document, bool onlyNew)
    {
        var put = Name().IsMatch(thing)
            ? DescriptionReader.Read(thing, document, media).Then(read => Keep(who, media, document, read, onlyNew))
            : new Refusal("fabric.thing.name", $"\"{DescriptionFaults.Shown(thing)}\" is not the name of a thing type: lower-case letters, digits and _, a letter first, at most 63.");
        Count(1, put.IsOk ? "done" : "refused");
        return put;
    }

    /// <summary>Counts a document that was too large to be looked at.</summary>
    public Refusal TooLarge()
    {
        Count(1, "refused");
        return new Refusal("fabric.thing.too_large", $"The description has more than {DocumentBytesMax} bytes, the most that is kept; leave out what nobody reads.");
    }

    private Outcome<StoredThing> Keep(Principal who, string media, ReadOnlyMemory<byte> document, ThingDescription read, bool onlyNew)
    {
        var stored = new StoredThing(read.Name, read.Title, media, Digest.Of(document.Span), who.Id, _time.NowNs(), document);
        lock (_changing)
        {
            var put = _store.Put(who.Tenant, stored, onlyNew, ThingsMax);
            if (put.IsOk)
            {
                _known.TryRemove(who.Tenant, out _);
                Interlocked.Increment(ref _version);
            }

            return put;
        }
    }

    private IReadOnlyDictionary<string, ThingDescription> Known(TenantId tenant)
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

    /// <summary>What a later version may refuse is described no more until it is sent anew; the document stays.</summary>
    private Dictionary<string, ThingDescription> Load(TenantId tenant)
    {
        var read = new Dictionary<string, ThingDescription>(StringComparer.Ordinal);
        foreach (var stored in _store.All(tenant))
        {
            if (DescriptionReader.Read(stored.Thing, stored.Document, stored.Media).TryGet(out var description, out _))
            {
                read.Add(stored.Thing, description);
            }
        }

        return read;
    }

    private void Count(long descriptions, string result) => _imports.Add(descriptions, new KeyValuePair<string, object?>("result", result));

    [GeneratedRegex("^[a-z][a-z0-9_]{0,62}$")]
    private static partial Regex Name();
}
