namespace Pilotage.Cli.Demo.Steps;

/// <summary>One stretch of the walk; prints its own line when it is done.</summary>
internal interface IDemoStep
{
    Task RunAsync(DemoWorld world, CancellationToken cancellation);
}
