using Pilotage.Learning.Regimes;
using Xunit;

namespace Pilotage.Tests.Learning.Regimes;

public sealed class RegimeNormalizerTests
{
    private static readonly RegimeOptions Quick = new() { RowsMax = 400, Starts = 4 };

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    public void Finds_as_many_regimes_as_the_settings_show(int regimes)
    {
        var (settings, sensors) = Table(regimes, noise: 0.01, seed: regimes);

        var normalizer = RegimeNormalizer.Fit(settings, 3, sensors, 2, Quick);

        Assert.Equal(regimes, normalizer.Regimes);
    }

    [Fact]
    public void Sees_one_regime_where_settings_are_only_noise()
    {
        // One setting normal, one on a coarse grid, one that never moves: no gap anywhere.
        var random = new Random(1);
        var settings = new float[3 * 2000];
        for (var row = 0; row < 2000; row++)
        {
            settings[row * 3] = (float)(Gauss(random) * 0.002);
            settings[(row * 3) + 1] = (float)(Math.Round(Gauss(random) * 3) * 0.0001);
            settings[(row * 3) + 2] = 100;
        }

        var normalizer = RegimeNormalizer.Fit(settings, 3, new float[2000], 1, Quick);

        Assert.Equal(1, normalizer.Regimes);
    }

    [Fact]
    public void Takes_out_what_the_regime_explains_and_keeps_what_it_does_not()
    {
        var (settings, sensors) = Table(4, noise: 0.02, seed: 9);
        var normalizer = RegimeNormalizer.Fit(settings, 3, sensors, 2, Quick);
        var rows = sensors.Length / 2;
        double sum = 0, squares = 0;
        Span<float> z = stackalloc float[2];
        for (var row = 0; row < rows; row++)
        {
            normalizer.Transform(settings.AsSpan(row * 3, 3), sensors.AsSpan(row * 2, 2), z);
            sum += z[0];
            squares += z[0] * z[0];
        }

        Assert.Equal(0, sum / rows, 3);
        Assert.Equal(1, squares / rows, 1);
        // Across regimes the raw sensor moves a hundred times as much as within one.
        Assert.True(normalizer.Deviations(0)[0] < 1.5);
    }

    [Fact]
    public void Gives_zero_for_a_sensor_that_never_moved_and_lets_missing_ones_through()
    {
        float[] settings = [1, 1, 1, 1];
        float[] sensors = [518.67f, 1, 518.67f, 2, 518.67f, float.NaN, 518.67f, 3];

        var normalizer = RegimeNormalizer.Fit(settings, 1, sensors, 2, Quick);

        var z = new float[2];
        normalizer.Transform([1], [518.67f, float.NaN], z);
        Assert.Equal(0, z[0]);
        Assert.True(float.IsNaN(z[1]));
        Assert.Equal(2, normalizer.Means(0)[1], 1e-6f);
        Assert.Equal(1, normalizer.Deviations(0)[1], 1e-6f);
    }

    [Fact]
    public void Picks_regime_zero_for_a_row_whose_settings_are_missing()
    {
        var (settings, sensors) = Table(3, noise: 0.01, seed: 5);
        var normalizer = RegimeNormalizer.Fit(settings, 3, sensors, 2, Quick);

        Assert.Equal(0, normalizer.RegimeOf([float.NaN, 0, 0]));
    }

    [Fact]
    public void Is_the_same_for_the_same_rows()
    {
        var (settings, sensors) = Table(5, noise: 0.05, seed: 6);

        var one = RegimeNormalizer.Fit(settings, 3, sensors, 2, Quick);
        var two = RegimeNormalizer.Fit(settings, 3, sensors, 2, Quick);

        for (var regime = 0; regime < one.Regimes; regime++)
        {
            Assert.Equal(one.Centre(regime).ToArray(), two.Centre(regime).ToArray());
            Assert.Equal(one.Means(regime).ToArray(), two.Means(regime).ToArray());
        }
    }

    [Fact]
    public void Refuses_tables_of_different_lengths() =>
        Assert.Throws<ArgumentException>(() =>
            RegimeNormalizer.Fit([1, 2, 3], 3, [1, 2, 3, 4], 2, Quick));

    private static (float[] Settings, float[] Sensors) Table(int regimes, double noise, int seed)
    {
        var random = new Random(seed);
        var rows = 800;
        var (settings, sensors) = (new float[rows * 3], new float[rows * 2]);
        for (var row = 0; row < rows; row++)
        {
            var regime = random.Next(regimes);
            settings[row * 3] = (float)((regime * 10) + (Gauss(random) * noise));
            settings[(row * 3) + 1] = (float)((regime % 2 * 0.5) + (Gauss(random) * noise * 0.05));
            settings[(row * 3) + 2] = 60;
            sensors[row * 2] = (float)((regime * 100) + Gauss(random));
            sensors[(row * 2) + 1] = (float)Gauss(random);
        }

        return (settings, sensors);
    }

    private static double Gauss(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
