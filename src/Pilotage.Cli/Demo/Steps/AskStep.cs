namespace Pilotage.Cli.Demo.Steps;

/// <summary>Asks a gate before its evidence is complete, so that its refusal is seen.</summary>
internal sealed class AskStep(string stage) : IDemoStep
{
    public Task RunAsync(DemoWorld world, CancellationToken cancellation) => GateStep.AskAsync(world, stage, cancellation);
}
