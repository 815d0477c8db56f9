namespace Pilotage.Learning.Decisions;

/// <summary>What a life is expected to become when its alarm may come a little earlier or later.</summary>
internal static class UncertainAlarm
{
    /// <summary>Hours and cycles expected with the alarm normally distributed around <paramref name="alarm"/>.</summary>
    public static (double Hours, double Cycles) Expected(
        Life life, DowntimeProtocol protocol, int alarm, double width)
    {
        double work = alarm + protocol.LeadCycles;
        // Work must be done a full cycle before the last one; half a cycle is where rounding to whole cycles falls.
        var latest = (life.Cycles - 0.5 - work) / width;
        var inTime = Normal.Below(latest);
        var tooLate = protocol.RunToFailure(life);
        var hours = (inTime * protocol.PlannedHours) + ((1 - inTime) * tooLate.Hours);
        // The mean of a normal cut off at the latest time: its own mean times the share kept, less the density there.
        var cyclesInTime = (inTime * work) - (width * Normal.Density(latest));
        return (hours, Math.Max(0, cyclesInTime) + ((1 - inTime) * life.Cycles));
    }
}

/// <summary>The standard normal distribution.</summary>
internal static class Normal
{
    public static double Density(double z) => Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI);

    /// <summary>Chance of a value below z; absolute error under 1e-7 (Abramowitz and Stegun 26.2.17).</summary>
    public static double Below(double z)
    {
        var t = 1 / (1 + (0.2316419 * Math.Abs(z)));
        var series = t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937
            + (t * (-1.821255978 + (t * 1.330274429))))))));
        var above = Density(z) * series;
        return z >= 0 ? 1 - above : above;
    }
}
