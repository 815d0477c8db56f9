namespace Pilotage.Learning.Regimes;

/// <summary>
/// Tells in which operating regime a machine runs and expresses its sensors as deviations from what is usual there.
/// </summary>
/// <remarks>
/// A pure function of one row, in float32: the nearest centre in scaled setting space picks the regime r, and each
/// sensor becomes (x - mean[r]) / deviation[r]. On equal distance the lower number wins. A missing setting makes all
/// distances NaN, which picks regime 0; a missing sensor stays missing.
/// </remarks>
public sealed class RegimeNormalizer
{
    private readonly float[] _scale;
    private readonly float[][] _centres;
    private readonly float[][] _means;
    private readonly float[][] _deviations;

    /// <param name="settingScale">Factor of each setting; 0 for one that never changed.</param>
    /// <param name="centres">Per regime, the scaled settings of its centre.</param>
    /// <param name="means">Per regime, the usual value of each sensor.</param>
    /// <param name="deviations">Per regime, the usual deviation of each sensor; positive.</param>
    public RegimeNormalizer(float[] settingScale, float[][] centres, float[][] means, float[][] deviations)
    {
        if (centres.Length is < 1 or > RegimeOptions.RegimesLimit
            || means.Length != centres.Length || deviations.Length != centres.Length
            || centres.Any(centre => centre.Length != settingScale.Length)
            || means.Concat(deviations).Any(row => row.Length != means[0].Length)
            || deviations.Any(row => row.Any(value => !(value > 0))))
        {
            throw new ArgumentException("Centres, means and deviations do not describe the same regimes.");
        }

        _scale = settingScale;
        _centres = centres;
        _means = means;
        _deviations = deviations;
    }

    public int Regimes => _centres.Length;

    public int Settings => _scale.Length;

    public int Sensors => _means[0].Length;

    public ReadOnlySpan<float> SettingScale => _scale;

    public ReadOnlySpan<float> Centre(int regime) => _centres[regime];

    public ReadOnlySpan<float> Means(int regime) => _means[regime];

    public ReadOnlySpan<float> Deviations(int regime) => _deviations[regime];

    /// <summary>Learns regimes and their usual values from rows of settings and rows of sensors, same order.</summary>
    public static RegimeNormalizer Fit(
        ReadOnlySpan<float> settings, int settingCount, ReadOnlySpan<float> sensors, int sensorCount,
        RegimeOptions options)
    {
        options.Validate();
        var rows = settingCount > 0 ? settings.Length / settingCount : sensors.Length / Math.Max(1, sensorCount);
        if (rows == 0 || sensorCount < 1
            || settings.Length != rows * settingCount || sensors.Length != rows * sensorCount)
        {
            throw new ArgumentException("Settings and sensors are not rows of the same table.", nameof(sensors));
        }

        var scale = SettingScaling.Of(settings, settingCount);
        var scaled = SettingScaling.Apply(settings, scale);
        var centres = RegimeCount.Choose(scaled, settingCount, options);
        var statistics = new RegimeStatistics(centres.Length, sensorCount);
        for (var row = 0; row < rows; row++)
        {
            var regime = Nearest(centres, scaled.AsSpan(row * settingCount, settingCount));
            statistics.Add(regime, sensors.Slice(row * sensorCount, sensorCount));
        }

        return new RegimeNormalizer(scale, centres, statistics.Means(), statistics.Deviations());
    }

    /// <summary>The regime of one row of settings.</summary>
    public int RegimeOf(ReadOnlySpan<float> settings)
    {
        Span<float> scaled = stackalloc float[Settings];
        for (var i = 0; i < scaled.Length; i++)
        {
            scaled[i] = settings[i] * _scale[i];
        }

        return Nearest(_centres, scaled);
    }

    /// <summary>Writes the standardised sensors of one row.</summary>
    public void Transform(ReadOnlySpan<float> settings, ReadOnlySpan<float> sensors, Span<float> into)
    {
        var regime = RegimeOf(settings);
        var means = _means[regime];
        var deviations = _deviations[regime];
        for (var i = 0; i < means.Length; i++)
        {
            into[i] = (sensors[i] - means[i]) / deviations[i];
        }
    }

    internal static int Nearest(float[][] centres, ReadOnlySpan<float> scaled)
    {
        var (best, bestDistance) = (0, float.PositiveInfinity);
        for (var regime = 0; regime < centres.Length; regime++)
        {
            var distance = SquaredDistance(centres[regime], scaled);
            if (distance < bestDistance)
            {
                (best, bestDistance) = (regime, distance);
            }
        }

        return best;
    }

    internal static float SquaredDistance(ReadOnlySpan<float> centre, ReadOnlySpan<float> scaled)
    {
        var sum = 0f;
        for (var i = 0; i < centre.Length; i++)
        {
            var difference = scaled[i] - centre[i];
            sum += difference * difference;
        }

        return sum;
    }
}
