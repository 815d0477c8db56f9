using System.Text.Json.Nodes;

namespace Pilotage.Cli.Demo.Devices;

/// <summary>How many inferences of a release the server holds for a machine.</summary>
internal static class InferenceCount
{
    /// <summary>Of the release at work; the other releases of a trial have series of their own.</summary>
    public static async Task<long> OfAsync(DemoWorld world, ReplayedDevice device, CancellationToken cancellation)
    {
        var property = $"{world.Model}@{world.Release}/{world.Model}";
        var about = await world.Api.GetAsync($"api/v1/devices/{Uri.EscapeDataString(device.Credential.Id)}", cancellation);
        var known = Demo.Read.Rows(about, "properties").Select(one => one is JsonObject ? Demo.Read.TextOrNull(one, "name") : Frame.Column.Text(one));
        if (!known.Contains(property))
        {
            return 0;
        }

        var series = await world.Api.GetAsync($"api/v1/devices/{Uri.EscapeDataString(device.Credential.Id)}/series/{Uri.EscapeDataString(property)}?points=10000", cancellation);
        return (long?)Demo.Read.Number(series, "count|statistics.count") ?? Demo.Read.Rows(series, "points").Count;
    }
}
