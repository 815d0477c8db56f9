using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>One series by name: device and property, as <c>pump-7/vibration</c> or <c>acme/lyon/pump-7/vibration</c>.</summary>
internal sealed record SeriesName(Device Device, SeriesKey Key)
{
    private const int CharsShown = 80;

    /// <summary>As answers tell it: the device by its id.</summary>
    public override string ToString() => $"{Device.Id}/{Key.Property}";

    /// <summary>Several names with commas between them.</summary>
    public static Outcome<IReadOnlyList<SeriesName>> ReadAll(string parameter, string text, int least, int most, TenantId tenant, IFleet fleet, TimeSeriesStore store, RollUps rollUps)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries);
        if (names.Length < least || names.Length > most)
        {
            return QueryBounds.Refused(parameter, $"names {names.Length} series; give {least} to {most} as DEVICE/PROPERTY, with commas between them");
        }

        var read = new List<SeriesName>();
        foreach (var name in names)
        {
            if (!Read(parameter, name, tenant, fleet, store, rollUps).TryGet(out var series, out var refusal))
            {
                return refusal;
            }

            read.Add(series);
        }

        return read;
    }

    private static Outcome<SeriesName> Read(string parameter, string text, TenantId tenant, IFleet fleet, TimeSeriesStore store, RollUps rollUps)
    {
        // What a model gave bears its release behind an @, and there may be a / in that.
        var end = text.IndexOf('@', StringComparison.Ordinal);
        var slash = text.AsSpan(0, end < 0 ? text.Length : end).LastIndexOf('/');
        if (slash <= 0 || slash == text.Length - 1)
        {
            return QueryBounds.Refused(parameter, $"has \"{(text.Length <= CharsShown ? text : text[..CharsShown] + "…")}\"; give DEVICE/PROPERTY, such as pump-7/vibration, the device by id, path or name");
        }

        var property = text[(slash + 1)..];
        return fleet.Resolve(tenant, text[..slash]).Then(device =>
        {
            var key = new SeriesKey(tenant, device.Id, property);
            return store.KindOf(key) is null
                ? rollUps.Holds(tenant, device.Id, property)
                    ? WindowsOnly.NotThere(property)
                    : new Refusal("fabric.series.not_found", $"{device.Id} has no series \"{property}\". See what there is: pilotage data list --path '{device.Path}'")
                : (Outcome<SeriesName>)new SeriesName(device, key);
        });
    }
}
