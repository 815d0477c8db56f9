using Pilotage.Core.Units;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Meaning;

/// <summary>Values in the unit that somebody asks for, out of the unit that the thing description gives them.</summary>
internal static class UnitOnRead
{
    /// <summary>A unit out of a query; null where none is asked for.</summary>
    public static Outcome<Unit?> Asked(string name, string? code) => code is null ? (Outcome<Unit?>)(Unit?)null : Ucum.Parse(code).TryGet(out var unit, out var refusal)
        ? unit
        : QueryBounds.Refused(name, $"cannot be: {refusal.Message.TrimEnd('.')}");

    /// <summary>How the values of a property become what is asked for, or why they cannot.</summary>
    public static Outcome<UnitConversion> Of(ThingBook things, Device device, string property, Unit asked)
    {
        var thing = things.Find(device.Tenant, device.Thing);
        if (thing?.Properties.GetValueOrDefault(property)?.Unit is { } own)
        {
            return own.ConversionTo(asked).TryGet(out var conversion, out var refusal)
                ? conversion
                : refusal with { Message = $"{property} of {device.Id} cannot be told in another unit: {refusal.Message}", Details = [new("unit", "is of another quantity")] };
        }

        var why = thing is null ? $"nobody described the thing type {device.Thing}"
            : thing.Properties.ContainsKey(property) ? $"the description of {device.Thing} gives it none"
            : $"the description of {device.Thing} does not have it";
        return NoUnit(device, property, why, $"describe it with: pilotage thing import FILE --name {device.Thing}{(thing is null ? "" : " --replace")}");
    }

    /// <summary>Why values that are no numbers are not converted.</summary>
    public static Refusal NoNumbers(Device device, string property) =>
        NoUnit(device, property, "they are no numbers", "leave unit out");

    private static Refusal NoUnit(Device device, string property, string why, string what) => new(
        "fabric.series.no_unit", $"The values of {property} of {device.Id} have no unit to convert from, because {why}; {what}")
    {
        Details = [new("unit", $"cannot be asked for: {why}")],
    };
}
