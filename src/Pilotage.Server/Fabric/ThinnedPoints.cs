using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>Points of a stretch, thinned as they are read without hiding a spike: however many there are, no more than were asked for are held.</summary>
/// <param name="Total">How many there are.</param>
/// <param name="Points">All of them where they are no more than were asked for; else of each part the least and the greatest, in order of time.</param>
internal sealed record ThinnedPoints(long Total, List<TypedPoint> Points)
{
    private const int CheckEvery = 100_000;

    /// <summary>In parts of the time, as long each: for what is looked at beside other things of that time. Of text, the first and the last of each.</summary>
    public static ThinnedPoints ByTime(IEnumerable<TypedPoint> points, long fromNs, long toNs, int max, CancellationToken cancellation)
    {
        var parts = new Parts(max, keepsLastText: true);
        var width = Math.Max(1.0, ((double)toNs - fromNs) / parts.Count);
        var whole = new List<TypedPoint>();
        var total = 0L;
        foreach (var point in points)
        {
            if (total++ < max)
            {
                whole.Add(point);
            }

            parts.Add((int)(((double)point.TimeNs - fromNs) / width), point);
            Check(total, cancellation);
        }

        return new ThinnedPoints(total, total <= max ? whole : parts.Ends);
    }

    /// <summary>In parts of as many points each: for a chart of a time whose ends nobody said. Of text, the first of each.</summary>
    /// <param name="read">Reads them: a second time where they are too many, for how many a part has shows when all were counted.</param>
    /// <param name="expected">About how many there are, or more.</param>
    /// <param name="max">Points at most.</param>
    /// <param name="cancellation">Nobody waits any more.</param>
    public static ThinnedPoints ByCount(Func<IEnumerable<TypedPoint>> read, long expected, int max, CancellationToken cancellation)
    {
        var whole = new List<TypedPoint>((int)Math.Min(expected, max));
        var total = 0L;
        foreach (var point in read())
        {
            if (total++ < max)
            {
                whole.Add(point);
            }

            Check(total, cancellation);
        }

        if (total <= max)
        {
            return new ThinnedPoints(total, whole);
        }

        var parts = new Parts(max, keepsLastText: false);
        var number = 0L;
        foreach (var point in read())
        {
            // Part i begins at the point i * total / parts, rounded down. What came meanwhile goes into the last one.
            number++;
            parts.Add((int)Math.Min(((number * parts.Count) - 1) / total, parts.Count), point);
            Check(number, cancellation);
        }

        return new ThinnedPoints(total, parts.Ends);
    }

    private static void Check(long read, CancellationToken cancellation)
    {
        if (read % CheckEvery == 0)
        {
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private sealed class Parts(int max, bool keepsLastText)
    {
        private readonly Part?[] _parts = new Part?[Math.Max(1, max / 2)];

        public int Count => _parts.Length;

        public List<TypedPoint> Ends => [.. _parts.OfType<Part>().SelectMany(part => part.Ends)];

        public void Add(int at, TypedPoint point) => (_parts[Math.Clamp(at, 0, Count - 1)] ??= new Part(point, keepsLastText)).Add(point);
    }

    private sealed class Part(TypedPoint first, bool keepsLastText)
    {
        private TypedPoint _least = first;
        private TypedPoint _greatest = first;

        public IEnumerable<TypedPoint> Ends => _least.TimeNs == _greatest.TimeNs ? [_least] : _least.TimeNs < _greatest.TimeNs ? [_least, _greatest] : [_greatest, _least];

        public void Add(TypedPoint point)
        {
            if (point.Value.Kind >= SeriesKind.Text)
            {
                _greatest = keepsLastText ? point : _greatest;
                return;
            }

            // NaN is never less or greater; one that comes first gives way.
            var value = point.Value.Number;
            _least = value < _least.Value.Number || double.IsNaN(_least.Value.Number) ? point : _least;
            _greatest = value > _greatest.Value.Number || double.IsNaN(_greatest.Value.Number) ? point : _greatest;
        }
    }
}
