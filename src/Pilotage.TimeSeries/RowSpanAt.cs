using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries;

/// <summary>A stored row found by its time: the points of a shape and when they arrived.</summary>
internal readonly record struct RowSpanAt(Shape Shape, Func<int, TypedPoint?> PointAt, long Arrival);
