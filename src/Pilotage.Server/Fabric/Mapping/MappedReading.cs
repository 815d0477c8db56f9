using Pilotage.Core.Units;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>One value as the mapping made it; the unit is the mapping's own.</summary>
internal sealed record MappedValue(string Property, SeriesValue Value, Unit? Unit);

/// <summary>Values of one device at one time.</summary>
/// <param name="HasTime">Whether the payload said the time; else it is that of arrival.</param>
internal sealed record MappedRow(string DevicePath, long TimeNs, bool HasTime, IReadOnlyList<MappedValue> Values);

/// <summary>What was understood of a message, and what was not.</summary>
/// <param name="Fault">Why a part of it, or all, could not be understood; null when all was.</param>
internal sealed record MappedReading(IReadOnlyList<MappedRow> Rows, string? Fault);
