using System.Collections.Frozen;
using Pilotage.Core.Units;
using Pilotage.Protocols.SenML;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Brings values that say their unit, in the words of SenML, into the unit that the description gives their series.</summary>
/// <remarks>A series without a unit takes values as they are, and values without one are taken to be in that of their series.</remarks>
internal sealed class StatedUnits(ThingBook things)
{
    private const int CharsShown = 40;
    private static readonly FrozenDictionary<string, Unit> Known = SenMLUnits.All.ToFrozenDictionary(pair => pair.Key, pair => Ucum.Parse(pair.Value).Value, StringComparer.Ordinal);

    /// <summary>Rows in the units of their series, without the values whose unit is of another quantity; the first of those is said.</summary>
    public (IReadOnlyList<TelemetryRow> Rows, string? Fault) Converted(Device device, IReadOnlyList<TelemetryRow> rows, string? fault)
    {
        if (!rows.Any(row => row.Units is not null) || things.Find(device.Tenant, device.Thing) is not { } described)
        {
            return (rows, fault);
        }

        var (converted, decided) = (new List<TelemetryRow>(rows.Count), new Dictionary<string, Decision>(StringComparer.Ordinal));
        foreach (var row in rows)
        {
            if (Converted(described, row, decided, ref fault) is { Properties.Length: > 0 } one)
            {
                converted.Add(one);
            }
        }

        return (converted, fault);
    }

    /// <summary>The unit of UCUM that a unit of SenML is, and what is added for it; of a sum over time, seconds of it. Null where there is none.</summary>
    public static (Unit Unit, double Offset)? UnitOf(string senML, bool isSum) => !Known.TryGetValue(senML, out var unit) ? null
        : !isSum ? (unit, SenMLUnits.OffsetOf(senML))
        : Ucum.Parse($"{unit.Code}.s").TryGet(out var seconds, out _) ? (seconds, 0) : null;

    private static TelemetryRow Converted(ThingDescription described, TelemetryRow row, Dictionary<string, Decision> decided, ref string? fault)
    {
        var (properties, values) = (new List<string>(row.Properties.Length), new List<SeriesValue>(row.Properties.Length));
        for (var i = 0; i < row.Properties.Length; i++)
        {
            var (property, value) = (row.Properties[i], row.Values[i]);
            if (row.Units?.GetValueOrDefault(property) is { } stated && value.Kind is SeriesKind.Number or SeriesKind.Whole)
            {
                if (!decided.TryGetValue(property, out var decision))
                {
                    decided[property] = decision = Decide(described, property, stated);
                }

                fault ??= decision.Fault;
                if (decision.Fault is not null)
                {
                    continue;
                }

                value = decision.Conversion is { } conversion ? SeriesValue.Of(conversion.Of(value.Number + decision.Offset)) : value;
            }

            properties.Add(property);
            values.Add(value);
        }

        return properties.Count == row.Properties.Length ? row with { Values = [.. values] } : new TelemetryRow(row.TimeNs, [.. properties], values.ToArray());
    }

    private static Decision Decide(ThingDescription described, string property, string stated)
    {
        if (described.Properties.GetValueOrDefault(property)?.Unit is not { } own)
        {
            return new Decision(null, 0, null);
        }

        var shown = stated.Length <= CharsShown ? stated : stated[..CharsShown] + "…";
        if (UnitOf(stated, property.EndsWith(SenMLTelemetry.SumEnding, StringComparison.Ordinal)) is not var (unit, offset))
        {
            return new Decision(null, 0, $"{property}: \"{shown}\" is no unit of SenML (RFC 8428, RFC 8798) that is known here, and the series is in {own.Code}; send it in a registered unit, or without one");
        }

        return unit.ConversionTo(own).TryGet(out var conversion, out _)
            ? new Decision(conversion.IsIdentity && offset == 0 ? null : conversion, offset, null)
            : new Decision(null, 0, $"{property}: it is in \"{shown}\" ({Quantities.NameOf(unit)}), and the series is in {own.Code} ({Quantities.NameOf(own)}); send it in a unit of the same quantity, or under a name of its own");
    }

    /// <summary>What becomes of values of one property in one unit.</summary>
    private readonly record struct Decision(UnitConversion? Conversion, double Offset, string? Fault);
}
