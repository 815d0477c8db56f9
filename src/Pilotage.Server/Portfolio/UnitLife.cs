namespace Pilotage.Server.Portfolio;

/// <summary>One machine from its first point to its stop.</summary>
/// <param name="Cycles">Hours of running, the first included; a cycle is an hour.</param>
public sealed record UnitLife(string Device, long FirstNs, long StopNs, int Cycles, bool Planned, double Hours);
