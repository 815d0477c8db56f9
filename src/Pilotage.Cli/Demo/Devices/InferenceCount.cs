namespace Pilotage.Cli.Demo.Devices;

/// <summary>How many inferences of the good release the server holds for machines behind the edges.</summary>
internal static class InferenceCount
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>The count once the inference of each machine's last cycle has arrived, or after 90 s without.</summary>
    /// <remarks>An edge hands a machine's inferences and alerts over in the order in which it stored them: what comes before the last has arrived with it.</remarks>
    public static async Task<long> SettledAsync(DemoWorld world, IReadOnlyList<ReplayedDevice> devices, CancellationToken cancellation)
    {
        var began = world.Time.GetTimestamp();
        var awaited = new Queue<ReplayedDevice>(devices.Where(device => device.Cycle > 0));
        while (awaited.TryPeek(out var device) && world.Time.GetElapsedTime(began) < Patience)
        {
            if (await OfAsync(world, device, device.Cycle, cancellation) > 0)
            {
                awaited.Dequeue();
            }
            else
            {
                await Task.Delay(Pause, world.Time, cancellation);
            }
        }

        var count = 0L;
        foreach (var device in devices)
        {
            count += await OfAsync(world, device, 0, cancellation);
        }

        return count;
    }

    /// <summary>Inferences from a cycle on. Releases on trial have series of their own and are not counted.</summary>
    private static async Task<long> OfAsync(DemoWorld world, ReplayedDevice device, int fromCycle, CancellationToken cancellation)
    {
        var series = await world.Api.GetAsync(
            $"api/v1/devices/{Uri.EscapeDataString(device.Credential.Id)}/series/{world.Model}@{world.Release}/{world.Model}?points=2&from={ReplayedDevice.At(fromCycle):yyyy-MM-ddTHH:mm:ssZ}",
            cancellation);
        return (long)(Read.Number(series, "total") ?? 0);
    }
}
