namespace Pilotage.Cli.Demo.Fleet;

/// <summary>Where the machines of a demonstration come from.</summary>
internal interface IFleetSource
{
    /// <summary>Loads all of it, or throws a <see cref="Frame.CliFailure"/> that names file, line and what was expected.</summary>
    DemoFleet Load();
}
