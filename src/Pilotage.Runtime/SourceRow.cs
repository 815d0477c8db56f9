using Pilotage.Core;

namespace Pilotage.Runtime;

/// <summary>One stored row on its way into a pipeline: values in the order of its thing type, NaN where there is none;
/// the source is the position of that type in <see cref="Pilotage.Streams.PipelinePlan.Sources"/>.</summary>
public readonly record struct SourceRow(DeviceId Device, long TimeNs, ReadOnlyMemory<double> Values, int Source = 0);
