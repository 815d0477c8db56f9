using Pilotage.Server.Fleet.Contracts;
using Pilotage.Streams;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Sql;

/// <summary>A question that was understood: its plan, and of whom and when rows are read.</summary>
/// <param name="Plan">What is told.</param>
/// <param name="Devices">In order of their ids, which is the order in which their rows are told.</param>
/// <param name="FirstNs">The first time that is read.</param>
/// <param name="LastNs">The last.</param>
internal sealed record SqlQuestion(QueryPlan Plan, IReadOnlyList<Device> Devices, long FirstNs, long LastNs)
{
    // Streams orders times by the bits of a double, which ends a little before 2262 does.
    private const long LatestNs = 0x7FEF_FFFF_FFFF_FFFF;

    /// <summary>The columns that rows are made of: those that the question reads; where it reads none and only counts rows, all.</summary>
    public IReadOnlyList<(int Slot, ThingProperty Property)> Columns { get; } =
    [
        .. Plan.Thing.Properties.Select((property, slot) => (slot, property))
            .Where(column => Plan.Reads.Count == 0 || Plan.Reads.Contains(column.property.Name)),
    ];

    /// <summary>The series that are read.</summary>
    public IEnumerable<SeriesKey> Keys => Devices.SelectMany(device => Columns.Select(column => new SeriesKey(device.Tenant, device.Id, column.Property.Name)));

    public static Outcome<SqlQuestion> Read(SqlBody body, TenantId tenant, SqlTables tables, IFleet fleet, long nowNs)
    {
        if (body.From >= body.To)
        {
            return new Refusal("request.query", $"from is {body.From:O}, not before to ({body.To:O}); give the earlier time as from.") { Details = [new("/from", "is not before to")] };
        }

        var there = tables.Of(tenant, body.Sql, body.Path);
        return QueryCompiler.Compile(body.Sql, [.. there.Select(table => table.Schema)], nowNs, name => fleet.Resolve(tenant, name).Then(device => (Outcome<DeviceId>)device.Id), SqlLimits.Pipeline)
            .Then(plan => Of(plan, there.First(table => table.Schema.Name == plan.Thing.Name).Devices, body));
    }

    /// <summary>About how many points are read of a time.</summary>
    public long PointsTouched(TimeSeriesStore store, long firstNs) => firstNs > LastNs ? 0 : Keys.Sum(key => store.PointsTouched(key, firstNs, LastNs));

    /// <summary>The latest time of any of the series that are read; null where there is none.</summary>
    public long? NewestNs(TimeSeriesStore store)
    {
        long? newest = null;
        foreach (var key in Keys)
        {
            if (store.TryGetLast(key, out var last) && !(last.TimeNs <= newest))
            {
                newest = last.TimeNs;
            }
        }

        return newest;
    }

    private static Outcome<SqlQuestion> Of(QueryPlan plan, IReadOnlyList<Device> devices, SqlBody body)
    {
        var read = plan.Devices is { } named ? [.. devices.Where(device => named.Contains(device.Id))] : devices;
        return read.Count > SqlLimits.DevicesMax
            ? new Refusal("fabric.query.cost", $"The question reads {read.Count:N0} devices of {plan.Thing.Name}; {SqlLimits.DevicesMax:N0} are the most. Give path, or name devices: WHERE device IN ('pump-7', 'pump-8').")
            : new SqlQuestion(
                plan,
                read,
                Math.Max(plan.FirstNs, body.From is { } from ? Hosting.Clock.ToNs(from) : 0),
                Math.Min(Math.Min(plan.LastNs, LatestNs), body.To is { } to ? Hosting.Clock.ToNs(to) - 1 : LatestNs));
    }
}
