using Pilotage.Cli.Demo.Fleet;

namespace Pilotage.Cli.Demo.Devices;

/// <summary>A machine behind an edge that has enrolled and has not connected yet.</summary>
internal sealed record WaitingDevice(FleetUnit Unit, DeviceCredential Credential, int Edge, Connector Connector);
