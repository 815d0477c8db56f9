using Pilotage.Core.Units;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>One series of a query, and the group that its windows go into.</summary>
/// <param name="Group">The name of the group.</param>
/// <param name="Conversion">How its values become what the group is told in; null where they stay as they are.</param>
internal readonly record struct AggregateSource(Device Device, string Property, string Group, UnitConversion? Conversion = null)
{
    public SeriesKey Key => new(Device.Tenant, Device.Id, Property);
}
