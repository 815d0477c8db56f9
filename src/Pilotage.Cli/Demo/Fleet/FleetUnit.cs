namespace Pilotage.Cli.Demo.Fleet;

/// <summary>One machine from its first cycle on: a row of named values per cycle, one cycle an hour.</summary>
/// <param name="Device">The device id it gets, for example <c>engine-081</c>.</param>
/// <param name="Rows">Cycle 1 first; each row in the order of <see cref="DemoFleet.Properties"/>.</param>
/// <param name="FailsAtEnd">The last row is the last cycle before it failed.</param>
/// <param name="RemainingCycles">True cycles left after the last row, where the source tells.</param>
internal sealed record FleetUnit(string Device, IReadOnlyList<double[]> Rows, bool FailsAtEnd, int? RemainingCycles = null)
{
    /// <summary>Cycles recorded.</summary>
    public int Cycles => Rows.Count;
}
