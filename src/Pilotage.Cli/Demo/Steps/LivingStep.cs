using Pilotage.Cli.Demo.Devices;
using Pilotage.Cli.Demo.Fleet;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>Brings living machines behind the edges, with the good release at work: the next two rollouts need somebody to harm.</summary>
internal sealed class LivingStep : IDemoStep
{
    private const int Machines = 20;

    /// <summary>Cycles kept back, so that the machines are alive while the rollouts run.</summary>
    public const int Reserve = 90;

    /// <summary>How much of its life a machine has behind it at least, so that its windows are full.</summary>
    private const int Warm = 30;

    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        var scored = world.Fleet.Test.Count > 0;
        var units = Choose(scored ? world.Fleet.Test : world.Fleet.Evaluation);
        var enroller = new Enroller(world.Api);
        var connector = new Connector(world.Fleet, world.Messages, world.Random, world.Time);
        for (var number = 1; number <= world.EdgeIds.Count; number++)
        {
            var mine = units.Where((_, at) => at % world.EdgeIds.Count == number - 1).ToDictionary(unit => $"{world.Site}/live-{unit.Device}");
            var credentials = await enroller.EnrolAsync([.. mine.Keys], world.Fleet.Thing, world.EdgeIds[number - 1], null, cancellation);
            foreach (var (path, unit) in mine)
            {
                var device = await connector.ConnectAsync(unit, credentials[path], world.EdgePort(number), cancellation);
                world.Living.Add(world.Keep(device));
            }
        }

        var began = world.Print.ElapsedSeconds;
        var rollout = await RolloutWatch.StartAsync(world, world.Release, world.Living.Select(device => device.Credential.Path), $"{world.Model}@1.0.0 (further machines)", cancellation);
        var state = await RolloutWatch.FollowAsync(world, rollout, token => StepAsync(world, token), cancellation);
        RolloutWatch.Keep(world, $"{world.Model}@1.0.0", state, world.Print.ElapsedSeconds - began);
        await Task.WhenAll(world.Living.Select(device => device.RunToAsync(device.Unit.Cycles - Reserve, cancellation)));
        world.Print.Step(
            "living",
            $"{world.Living.Count} further machines behind the edges, the good release {RolloutWatch.Status(state).ToUpperInvariant()} on them",
            scored ? "machines of the test file, far from their end: not scored on downtime" : "a second replay of the evaluation machines under new names: NOT SCORED");
    }

    /// <summary>One more cycle for each; a machine at its end rests there, still connected.</summary>
    public static Task StepAsync(DemoWorld world, CancellationToken cancellation) =>
        Task.WhenAll(world.Living.Where(device => !device.AtEnd).Select(device => device.StepAsync(cancellation)));

    private static List<FleetUnit> Choose(IReadOnlyList<FleetUnit> units)
    {
        // Healthy machines with most of their record ahead; of those the ones furthest from their end first.
        var fit = units.Where(unit => unit.Cycles >= Reserve + Warm).OrderByDescending(unit => unit.RemainingCycles ?? 0).ThenBy(unit => unit.Device, StringComparer.Ordinal).Take(Machines).ToList();
        return fit.Count > 0 ? fit : [.. units.OrderByDescending(unit => unit.Cycles).Take(Machines)];
    }
}
