namespace Pilotage.Core.Units;

/// <summary>How values of one unit become values of another: a factor, and between scales with zeros of their own an offset.</summary>
/// <remarks>
/// Factor and offset are kept as two doubles each, the second what the first leaves, so that a result is off by half of its
/// last bit and no more: 36 km/h are 10 m/s, and 212 [degF] are 100 Cel.
/// </remarks>
public readonly record struct UnitConversion
{
    private readonly double _factor;
    private readonly double _factorRest;
    private readonly double _offset;
    private readonly double _offsetRest;

    internal UnitConversion(Exact factor, Exact offset)
    {
        (_factor, _factorRest) = factor.ToDoubles();
        (_offset, _offsetRest) = offset.ToDoubles();
    }

    /// <summary>Whether values stay as they are.</summary>
    public bool IsIdentity => _factor == 1 && _factorRest == 0 && _offset == 0;

    /// <summary>One value.</summary>
    public double Of(double value) => OfSum(value, 1);

    /// <summary>A sum of so many values: each of them has its offset.</summary>
    public double OfSum(double sum, double count)
    {
        if (IsIdentity)
        {
            return sum;
        }

        var (scaled, moved) = (sum * _factor, count * _offset);
        var result = scaled + moved;
        if (!double.IsFinite(result))
        {
            return result;
        }

        // What each of the three roundings lost, exactly (Dekker, Knuth), and what the first doubles leave.
        var scaledLost = Math.FusedMultiplyAdd(sum, _factor, -scaled);
        var movedLost = Math.FusedMultiplyAdd(count, _offset, -moved);
        var part = result - scaled;
        var sumLost = scaled - (result - part) + (moved - part);
        var rest = sumLost + (scaledLost + movedLost) + ((sum * _factorRest) + (count * _offsetRest));
        return result + rest;
    }
}
