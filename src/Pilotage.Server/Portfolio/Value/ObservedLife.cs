using Pilotage.Learning.Decisions;
using Pilotage.Learning.Regimes;

namespace Pilotage.Server.Portfolio.Value;

/// <summary>A life as its sensors saw it.</summary>
/// <param name="Life">Its machine and length.</param>
/// <param name="Rows">A row per cycle, a value per property; NaN where nothing was stored.</param>
public sealed record ObservedLife(Life Life, IReadOnlyList<double[]> Rows);

/// <summary>Which properties say how a machine is run, and which are judged against what is usual for that.</summary>
/// <param name="Settings">Properties that tell the operating regime.</param>
/// <param name="Sensors">Properties that are expressed as deviations within it.</param>
/// <param name="Options">How regimes are looked for.</param>
public sealed record RegimeRule(IReadOnlyList<string> Settings, IReadOnlyList<string> Sensors, RegimeOptions Options);
