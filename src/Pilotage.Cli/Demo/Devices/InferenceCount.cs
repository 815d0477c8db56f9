namespace Pilotage.Cli.Demo.Devices;

/// <summary>How many inferences of the good release the server holds for machines behind the edges.</summary>
internal static class InferenceCount
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>The count once the inference of each machine's last cycle has arrived, and every alert before it, or after 90 s without.</summary>
    /// <remarks>
    /// An edge hands over in the order in which it stored, inferences and events apart: with the last inference all others have arrived, and by then
    /// every alert is stored at the edge. A mark behind them, from each machine, says that they have arrived too.
    /// </remarks>
    public static async Task<long> SettledAsync(DemoWorld world, IReadOnlyList<ReplayedDevice> devices, CancellationToken cancellation)
    {
        var began = world.Time.GetTimestamp();
        await UntilAsync(world, began, [.. devices.Where(device => device.Cycle > 0).Select(device =>
            (Func<Task<bool>>)(async () => await OfAsync(world, device, device.Cycle, cancellation) > 0))], cancellation);
        var marks = await Task.WhenAll(devices.Select(async device => (Device: device, Id: await device.MarkAsync(cancellation))));
        await UntilAsync(world, began, [.. marks.Select(mark => (Func<Task<bool>>)(() => HasAsync(world, mark.Device, mark.Id, cancellation)))], cancellation);
        var count = 0L;
        foreach (var device in devices)
        {
            count += await OfAsync(world, device, 0, cancellation);
        }

        return count;
    }

    private static async Task UntilAsync(DemoWorld world, long began, IReadOnlyList<Func<Task<bool>>> all, CancellationToken cancellation)
    {
        var awaited = new Queue<Func<Task<bool>>>(all);
        while (awaited.TryPeek(out var holds) && world.Time.GetElapsedTime(began) < Patience)
        {
            if (await holds())
            {
                awaited.Dequeue();
            }
            else
            {
                await Task.Delay(Pause, world.Time, cancellation);
            }
        }
    }

    private static async Task<bool> HasAsync(DemoWorld world, ReplayedDevice device, string mark, CancellationToken cancellation)
    {
        var events = await world.Api.GetAsync(
            $"api/v1/devices/{Uri.EscapeDataString(device.Credential.Id)}/events?type={ReplayedDevice.MarkEvent}", cancellation);
        return Read.Rows(events, "items").Any(row => Read.TextOrNull(row, "id") == mark);
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
