using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Events;

/// <summary>Points of a stretch, thinned as they are read: however many there are, no more than were asked for are held.</summary>
/// <param name="Total">How many there are.</param>
internal sealed record TimelinePoints(long Total, List<TypedPoint> Points)
{
    private const int CheckEvery = 100_000;

    /// <summary>All of them where they are no more than <paramref name="max"/>; else of each part of the time the least and the greatest, of text the first and the last.</summary>
    public static TimelinePoints Of(IEnumerable<TypedPoint> points, long fromNs, long toNs, int max, CancellationToken cancellation)
    {
        var (whole, total, parts) = (new List<TypedPoint>(), 0L, new Part?[Math.Max(1, max / 2)]);
        var width = Math.Max(1.0, ((double)toNs - fromNs) / parts.Length);
        foreach (var point in points)
        {
            if (++total <= max)
            {
                whole.Add(point);
            }

            var at = Math.Clamp((int)(((double)point.TimeNs - fromNs) / width), 0, parts.Length - 1);
            (parts[at] ??= new Part(point)).Add(point);
            if (total % CheckEvery == 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }
        }

        return new TimelinePoints(total, total <= max ? whole : [.. parts.OfType<Part>().SelectMany(part => part.Ends)]);
    }

    private sealed class Part(TypedPoint first)
    {
        private TypedPoint _least = first;
        private TypedPoint _greatest = first;

        public IEnumerable<TypedPoint> Ends => _least.TimeNs == _greatest.TimeNs ? [_least] : _least.TimeNs < _greatest.TimeNs ? [_least, _greatest] : [_greatest, _least];

        public void Add(TypedPoint point)
        {
            if (point.Value.Kind >= SeriesKind.Text)
            {
                _greatest = point;
                return;
            }

            // NaN is never less or greater; one that comes first gives way.
            var value = point.Value.Number;
            _least = value < _least.Value.Number || double.IsNaN(_least.Value.Number) ? point : _least;
            _greatest = value > _greatest.Value.Number || double.IsNaN(_greatest.Value.Number) ? point : _greatest;
        }
    }
}
