namespace Pilotage.Learning.Regimes;

/// <summary>Brings settings of different units to one scale, so that a distance between them means something.</summary>
internal static class SettingScaling
{
    /// <summary>One over the standard deviation of each setting; 0 for one that never changed or is never there.</summary>
    public static float[] Of(ReadOnlySpan<float> settings, int count)
    {
        var scale = new float[count];
        for (var column = 0; column < count; column++)
        {
            var moments = new Moments();
            for (var at = column; at < settings.Length; at += count)
            {
                moments.Add(settings[at]);
            }

            scale[column] = moments.IsConstant ? 0 : (float)(1 / moments.Deviation);
        }

        return scale;
    }

    /// <summary>Scales all rows.</summary>
    public static float[] Apply(ReadOnlySpan<float> settings, float[] scale)
    {
        var scaled = settings.ToArray();
        for (var at = 0; at < scaled.Length; at++)
        {
            scaled[at] *= scale[at % scale.Length];
        }

        return scaled;
    }
}
