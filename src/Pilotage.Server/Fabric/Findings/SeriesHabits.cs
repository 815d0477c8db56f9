using System.Runtime.CompilerServices;

namespace Pilotage.Server.Fabric.Findings;

/// <summary>What is known of a series beyond its last points; touched once a block, and when something is out of the way.</summary>
internal struct SeriesHabits
{
    /// <summary>So many distinct values and no more are states, not measurements.</summary>
    public const int Few = 4;

    /// <summary>Whole blocks so far.</summary>
    public int Blocks;

    /// <summary>Least usual bend of a block, and that of the last one, which counts once the next is no fault; blocks in a row that are far below.</summary>
    public double BendMin;
    public double BendNext;
    public int BendLow;
    public long BendLowNs;

    /// <summary>Least and greatest usual mean distance of a block, and that of the last one; blocks in a row that are off.</summary>
    public double SpanMin;
    public double SpanMax;
    public double SpanNext;
    public int SpanOff;
    public long SpanOffNs;

    /// <summary>Least and greatest usual delay; blocks that told it, and those in a row that are off.</summary>
    public long DelayMin;
    public long DelayMax;
    public long DelayBefore;
    public int DelayBlocks;
    public int DelayOff;
    public long DelayOffNs;

    /// <summary>Where this block began.</summary>
    public long BlockNs;
    public long BlockReceivedNs;

    /// <summary>The value at which it was stuck last.</summary>
    public double StuckValue;

    /// <summary>A large jump: where from, its first value, the farthest, the sum since, and when.</summary>
    public double JumpBase;
    public double JumpNear;
    public double JumpFirst;
    public double JumpFarthest;
    public double JumpSum;
    public double JumpMoves;
    public double JumpStep;
    public long JumpNs;
    public int JumpUnit;

    /// <summary>Points that had been seen at the last spike.</summary>
    public int SpikeSeen;

    /// <summary>Its own bounds before a jump of units, and the block of it.</summary>
    public double LeastBefore;
    public double MostBefore;
    public int UnitBlock;

    /// <summary>Points that are earlier than the last one, one after the other and ascending.</summary>
    public int Late;
    public long LateFirstNs;
    public long LateFirstReceivedNs;
    public long LateNs;

    /// <summary>The last gap, and how much gaps weighed before it: points of it that come late take it back.</summary>
    public long GapFromNs;
    public long GapToNs;
    public double GapLevel;
    public long GapLevelAtNs;

    /// <summary>Which conversions may explain a jump.</summary>
    public int UnitSet;

    public FewValues Levels;

    /// <summary>The distinct values, while they are few.</summary>
    [InlineArray(Few)]
    internal struct FewValues
    {
        private double _first;
    }
}
