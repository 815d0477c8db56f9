using System.Runtime.InteropServices;

namespace Pilotage.Server.Fabric.Findings;

/// <summary>What is touched of a series with each of its points.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SeriesPulse
{
    /// <summary>Device time and time of receipt of the last point that was not late.</summary>
    public long LastNs;
    public long LastReceivedNs;

    /// <summary>The last two values.</summary>
    public double Last;
    public double Before;

    /// <summary>Mean of the last few values.</summary>
    public double Near;

    /// <summary>Usual size of a change, of values that change: near the median.</summary>
    public double Step;

    /// <summary>The tallest single peak that was taken for the signal's own; fades slowly.</summary>
    public double Peak;

    /// <summary>The least and the greatest value that were taken for its own.</summary>
    public double Least;
    public double Most;

    /// <summary>The bounds it has been given; infinite where there is none.</summary>
    public double Low;
    public double High;

    /// <summary>Usual distance of points, in nanoseconds, and the longest that was taken for its own; fades slowly.</summary>
    public double Interval;
    public double Silence;

    /// <summary>Of the points of this block: sums of how sharply values turned and of distances, and the least delay.</summary>
    public double Bend;
    public double Span;
    public long Delay;

    /// <summary>Points, changes and falls so far; halved when they grow large.</summary>
    public int Seen;
    public int Changes;
    public int Falls;

    /// <summary>Repetitions of the last value, the most that were usual, and how many are too many.</summary>
    public int Run;
    public int RunMax;
    public int RunLimit;

    public byte InBlock;
    public byte Spans;
    public byte Values;
    public byte Zeros;

    /// <summary>Distinct values, counted up to one more than a few.</summary>
    public byte Levels;

    /// <summary>Points since a large jump; 0 while there is none.</summary>
    public byte Excursion;

    /// <summary>Points since a step that looks like another unit; 0 while there is none.</summary>
    public byte UnitStep;

    /// <summary>When nothing was missed between points; see <see cref="SeriesTracks.Resume"/>.</summary>
    public byte Epoch;

    public PulseMarks Marks;
}
