namespace Pilotage.Cli.Demo.Devices;

/// <summary>How many inferences of the good release the server holds for a machine.</summary>
internal static class InferenceCount
{
    /// <summary>Releases on trial have series of their own and are not counted.</summary>
    public static async Task<long> OfAsync(DemoWorld world, ReplayedDevice device, CancellationToken cancellation)
    {
        var series = await world.Api.GetAsync(
            $"api/v1/devices/{Uri.EscapeDataString(device.Credential.Id)}/series/{world.Model}@{world.Release}/{world.Model}?points=2", cancellation);
        return (long)(Read.Number(series, "total") ?? 0);
    }
}
