namespace Pilotage.Learning.Regimes;

/// <summary>Running mean and standard deviation (Welford); missing values are passed over.</summary>
internal struct Moments
{
    private double _squares;

    public long Count { get; private set; }

    public double Mean { get; private set; }

    public readonly double Deviation => Count > 1 ? Math.Sqrt(_squares / (Count - 1)) : 0;

    /// <summary>True when what varies is no more than the rounding of float32.</summary>
    public readonly bool IsConstant => Deviation <= 1e-6 * Math.Max(Math.Abs(Mean), 1e-30);

    public void Add(double value)
    {
        if (!double.IsFinite(value))
        {
            return;
        }

        Count++;
        var before = value - Mean;
        Mean += before / Count;
        _squares += before * (value - Mean);
    }
}
