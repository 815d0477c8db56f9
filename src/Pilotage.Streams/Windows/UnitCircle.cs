namespace Pilotage.Streams.Windows;

/// <summary>Cosine and sine of parts of a turn, by sums and products alone: the same bits on every processor.</summary>
internal static class UnitCircle
{
    /// <summary>Cosine and sine of so many parts of a turn that has so many.</summary>
    public static (double Cosine, double Sine) At(long part, long parts)
    {
        // Within an eighth of a turn the series are good to the last bit; the others are mirror images of it.
        var eighths = 8 * part;
        var octant = (int)(eighths / parts);
        var rest = (octant & 1) == 0 ? eighths - (octant * parts) : ((octant + 1) * parts) - eighths;
        var angle = Math.PI / 4 * ((double)rest / parts);
        var (cosine, sine) = (Cosine(angle), Sine(angle));
        return octant switch
        {
            0 => (cosine, sine),
            1 => (sine, cosine),
            2 => (-sine, cosine),
            3 => (-cosine, sine),
            4 => (-cosine, -sine),
            5 => (-sine, -cosine),
            6 => (sine, -cosine),
            _ => (cosine, -sine),
        };
    }

    // Taylor's series; up to pi / 4 the first term left out is less than a tenth of the last bit.
    private static double Sine(double angle)
    {
        var square = angle * angle;
        var series = 1.0;
        for (var n = 17; n > 1; n -= 2)
        {
            series = 1 - (square / (n * (n - 1)) * series);
        }

        return angle * series;
    }

    private static double Cosine(double angle)
    {
        var square = angle * angle;
        var series = 1.0;
        for (var n = 18; n > 0; n -= 2)
        {
            series = 1 - (square / (n * (n - 1)) * series);
        }

        return series;
    }
}
