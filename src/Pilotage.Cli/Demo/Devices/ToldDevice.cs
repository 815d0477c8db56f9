using Pilotage.Cli.Demo.Fleet;

namespace Pilotage.Cli.Demo.Devices;

/// <summary>A machine that told its life: what it sent, to compare with what is stored.</summary>
internal sealed record ToldDevice(string Id, FleetUnit Unit, Func<int> Cycles);
