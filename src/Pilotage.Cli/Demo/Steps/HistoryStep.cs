using Pilotage.Cli.Demo.Devices;
using Pilotage.Cli.Demo.Fleet;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>The machines everything is fitted on, and those only scored, connect to the server and tell their whole lives.</summary>
internal sealed class HistoryStep : IDemoStep
{
    private const int AtOnce = 8;

    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        var units = world.Fleet.Fit.Concat(world.Fleet.Test).ToList();
        var began = world.Print.ElapsedSeconds;
        var credentials = await new Enroller(world.Api).EnrolAsync([.. units.Select(unit => Path(world, unit))], world.Fleet.Thing, null, null, cancellation);
        world.Print.Step("enrol", $"{credentials.Count} devices, each with its own certificate by one-time code", $"{world.Fleet.Origin}; {world.Fleet.Fit.Count} to fit on, {world.Fleet.Test.Count} cut off before failure, to score only");

        var connector = new Connector(world.Fleet, world.Messages, world.Random, world.Time);
        var done = 0;
        await Parallel.ForEachAsync(units, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, async (unit, token) =>
        {
            await using var device = await connector.ConnectAsync(unit, credentials[Path(world, unit)], world.Ports.Mqtts, token);
            await device.RunToAsync(unit.Cycles, token);
            await device.StopAsync(token);
            world.Told.Add(new(device.Credential.Id, unit, () => unit.Cycles));
            if (Interlocked.Increment(ref done) % 20 == 0)
            {
                world.Print.Progress($"{done} of {units.Count} histories, {world.Messages.Acked} messages stored");
            }
        });
        var seconds = world.Print.ElapsedSeconds - began;
        world.Print.Step(
            "ingest",
            $"{world.Messages.Acked} of {world.Messages.Sent} messages acknowledged, {world.Messages.Acked / Math.Max(seconds, 0.1):0} a second",
            "an acknowledged message is on disk",
            "how a network behaves: everything here is one machine");
    }

    internal static string Path(DemoWorld world, FleetUnit unit) => $"{world.Site}/{unit.Device}";
}
