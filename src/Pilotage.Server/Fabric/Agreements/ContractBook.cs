using System.Collections.Concurrent;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Agreements;

/// <summary>The contracts of all tenants: on disk as they came, and read in memory because every message asks.</summary>
internal sealed class ContractBook
{
    /// <summary>Most contracts of a tenant; each is held in memory.</summary>
    public const int ContractsMax = 1_000;

    private readonly ContractStore _store;
    private readonly ThingBook _things;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<(TenantId, string), DataContract> _known = new();
    private readonly Lock _changing = new();
    private long _version;

    public ContractBook(ContractStore store, ThingBook things, TimeProvider time)
    {
        (_store, _things, _time) = (store, things, time);
        foreach (var tenant in store.Tenants())
        {
            foreach (var stored in store.All(tenant))
            {
                // What a later version may refuse binds nobody until it is sent anew; the document stays.
                if (ContractReader.Read(stored.Thing, stored.Document).TryGet(out var contract, out _))
                {
                    _known[(tenant, stored.Thing)] = contract;
                }
            }
        }
    }

    /// <summary>Another number after every change, so that what was looked up can be kept until then.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>What binds the devices of a thing type, or null.</summary>
    public DataContract? Find(TenantId tenant, string thing) => _known.IsEmpty ? null : _known.GetValueOrDefault((tenant, thing));

    /// <summary>Whether values of a device are judged before they are stored.</summary>
    public bool Binds(Device device) => Find(device.Tenant, device.Thing) is { BindsOnArrival: true };

    /// <summary>The bounds of a property in the unit of its series; infinite where there are none.</summary>
    public (double Low, double High) BoundsOf(Device device, string property)
    {
        if (Find(device.Tenant, device.Thing)?.Properties.FirstOrDefault(rules => rules.Name == property) is not { } rules)
        {
            return (double.NegativeInfinity, double.PositiveInfinity);
        }

        var own = _things.UnitOf(device, property);
        double In(double bound) => rules.Unit is { } unit && own?.ConvertsTo(unit) == true ? unit.To(own, bound) : bound;
        return (rules.Minimum is { } low ? In(low) : double.NegativeInfinity, rules.Maximum is { } high ? In(high) : double.PositiveInfinity);
    }

    public IReadOnlyList<StoredContract> All(TenantId tenant) => _store.All(tenant);

    public Outcome<StoredContract> Stored(TenantId tenant, string thing) => _store.All(tenant).Find(one => one.Thing == thing) is { } stored ? stored : NotFound(thing);

    /// <summary>Reads a contract and holds it against the thing description; nothing is kept.</summary>
    public Outcome<DataContract> Check(TenantId tenant, string? thing, ReadOnlyMemory<byte> document) =>
        ContractReader.Read(thing, document).Then(read => Misfit(tenant, read) is { } refusal ? refusal : (Outcome<DataContract>)read);

    /// <summary>Takes a contract in the place of the one that is there; on disk, and in force, when this returns.</summary>
    public Outcome<StoredContract> Put(Principal who, string thing, ReadOnlyMemory<byte> document, bool onlyNew) => Check(who.Tenant, thing, document).Then(read =>
    {
        lock (_changing)
        {
            var put = _store.Put(who.Tenant, new StoredContract(thing, Digest.Of(document.Span), who.Id, _time.NowNs(), document), onlyNew, ContractsMax);
            if (put.IsOk)
            {
                _known[(who.Tenant, thing)] = read;
                Interlocked.Increment(ref _version);
            }

            return put;
        }
    });

    public Outcome<string> Remove(TenantId tenant, string thing)
    {
        lock (_changing)
        {
            var isGone = _store.Remove(tenant, thing);
            _known.TryRemove((tenant, thing), out _);
            Interlocked.Increment(ref _version);
            return isGone ? thing : NotFound(thing);
        }
    }

    private Refusal? Misfit(TenantId tenant, DataContract contract)
    {
        var described = _things.Find(tenant, contract.Thing);
        foreach (var rules in contract.Properties)
        {
            if (rules.Unit is { } unit && described?.Properties.GetValueOrDefault(rules.Name)?.Unit is { } own && !own.ConvertsTo(unit))
            {
                var says = $"{rules.Name}: unit: {unit} does not convert to {own}, the unit that the description of {contract.Thing} gives {rules.Name}";
                return new Refusal("fabric.contract.invalid", $"The contract cannot be used: {rules.At}: {says}.") { Details = [new(rules.At.ToString(), says)] };
            }
        }

        return null;
    }

    private static Refusal NotFound(string thing) => new("fabric.contract.not_found", $"The thing type \"{DescriptionFaults.Shown(thing)}\" has no contract. One is given with: pilotage contract add FILE");
}
