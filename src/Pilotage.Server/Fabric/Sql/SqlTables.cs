using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Streams;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Sql;

/// <summary>A thing type as a table: its columns and the devices whose rows it has.</summary>
internal sealed record SqlTable(ThingSchema Schema, IReadOnlyList<Device> Devices);

/// <summary>The tables that a question may name: the thing types that are described or that a device is of.</summary>
/// <remarks>
/// Columns are the described properties and after them what the devices measured beyond that, so that a thing type that nobody described is a table too. What a model gave is
/// a column where the question names it. Only tables that the text may name are looked at: there can be many.
/// </remarks>
internal sealed class SqlTables(IFleet fleet, TimeSeriesStore store, RollUps rollUps, ThingBook things)
{
    private static readonly string[] OwnColumns = ["device", "ts"];

    public IReadOnlyList<SqlTable> Of(TenantId tenant, string sql, string? path)
    {
        var all = fleet.List(tenant, new DeviceQuery()).ToLookup(device => device.Thing, StringComparer.Ordinal);
        var chosen = path is null ? null : fleet.List(tenant, new DeviceQuery { PathPattern = path }).Select(device => device.Id).ToHashSet();
        var names = all.Select(group => group.Key).Union(things.Names(tenant), StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return [.. names.Select(name => sql.Contains(name, StringComparison.Ordinal)
            ? Table(tenant, name, [.. all[name].OrderBy(device => device.Id.Value, StringComparer.Ordinal)], chosen, sql)
            : new SqlTable(new ThingSchema(name, []), []))];
    }

    private SqlTable Table(TenantId tenant, string name, List<Device> devices, HashSet<DeviceId>? chosen, string sql)
    {
        var kinds = new SortedDictionary<string, SeriesKind>(StringComparer.Ordinal);
        foreach (var key in devices.SelectMany(device => store.Series(tenant, device.Id)))
        {
            if ((Telemetry.IsMeasured(key.Property) || sql.Contains(key.Property, StringComparison.Ordinal)) && store.KindOf(key) is { } kind)
            {
                kinds.TryAdd(key.Property, kind);
            }
        }

        // Of these there is no point any more: a column without values, of which the answer says so.
        foreach (var property in rollUps.IsEmpty ? [] : devices.SelectMany(device => rollUps.PropertiesOf(tenant, device.Id)))
        {
            kinds.TryAdd(property, SeriesKind.Number);
        }

        var described = things.Find(tenant, name)?.Properties;
        var columns = (described?.Values ?? []).Select(property => new ThingProperty(property.Name, property.Unit?.Code, TypeOf(property.Type, kinds, property.Name)))
            .Concat(kinds.Where(each => described?.ContainsKey(each.Key) != true).Select(each => new ThingProperty(each.Key, null, TypeOf(each.Value))))
            .Where(column => !OwnColumns.Contains(column.Name, StringComparer.Ordinal));
        return new(new ThingSchema(name, [.. columns]), chosen is null ? devices : devices.FindAll(device => chosen.Contains(device.Id)));
    }

    private static ThingPropertyType TypeOf(string? type, SortedDictionary<string, SeriesKind> kinds, string property) => type switch
    {
        "number" => ThingPropertyType.Number,
        "integer" => ThingPropertyType.Integer,
        "boolean" => ThingPropertyType.Boolean,
        "string" or "object" or "array" or "null" => ThingPropertyType.Text,
        _ => kinds.TryGetValue(property, out var kind) ? TypeOf(kind) : ThingPropertyType.Number,
    };

    private static ThingPropertyType TypeOf(SeriesKind kind) => kind switch
    {
        SeriesKind.Whole => ThingPropertyType.Integer,
        SeriesKind.Truth => ThingPropertyType.Boolean,
        SeriesKind.Text or SeriesKind.Json => ThingPropertyType.Text,
        _ => ThingPropertyType.Number,
    };
}
