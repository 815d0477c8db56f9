using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;
using Pilotage.Learning.Regimes;
using Xunit;

namespace Pilotage.Tests.Learning.Export;

public sealed class RegimeExportTests
{
    [Theory]
    [InlineData(1, 3, 5)]
    [InlineData(2, 1, 4)]
    [InlineData(6, 3, 21)]
    [InlineData(6, 0, 2)]
    [InlineData(8, 9, 3)]
    public void The_exported_model_answers_bit_for_bit_as_the_normaliser_does(int regimes, int settings, int sensors)
    {
        var random = new Random(regimes + settings);
        var normalizer = RandomNormalizer(random, regimes, settings, sensors);
        using var model = TinyModels.Load(OnnxWriter.Regimes(normalizer, Properties(settings, sensors)));
        var (expected, answer) = (new float[sensors], new float[sensors]);

        foreach (var row in Rows(random, settings + sensors, 2000))
        {
            normalizer.Transform(row.AsSpan(0, settings), row.AsSpan(settings), expected);
            model.Run(row, answer);
            Assert.Equal(expected.Select(BitsOf), answer.Select(BitsOf));
        }
    }

    [Fact]
    public void On_equal_distance_the_first_regime_wins()
    {
        var normalizer = new RegimeNormalizer([1], [[0], [2]], [[100], [200]], [[1], [1]]);
        using var model = TinyModels.Load(OnnxWriter.Regimes(normalizer, Properties(1, 1)));
        var answer = new float[1];

        model.Run([1, 150], answer);
        Assert.Equal(50, answer[0]);
        model.Run([1.01f, 150], answer);
        Assert.Equal(-50, answer[0]);
    }

    [Fact]
    public void A_batch_takes_each_row_by_its_own_regime()
    {
        var normalizer = new RegimeNormalizer([1], [[0], [2]], [[100], [200]], [[1], [2]]);
        using var model = TinyModels.Load(OnnxWriter.Regimes(normalizer, Properties(1, 1)));

        var answers = model.Run([Tensor.Of([0f, 101, 2, 202, float.NaN, 103], 3, 2)])[0];

        Assert.Equal([1, 1, 3], answers.As<float>());
    }

    // NaN has many bit patterns; which one comes out is the processor's affair.
    private static int BitsOf(float value) => float.IsNaN(value) ? -1 : BitConverter.SingleToInt32Bits(value);

    private static ModelProperties Properties(int settings, int sensors)
    {
        ModelColumn[] measured = [.. Enumerable.Range(0, sensors).Select(i => new ModelColumn($"s{i}", "bar"))];
        return new("regimes", "1", [.. Enumerable.Range(0, settings).Select(i => new ModelColumn($"set{i}", "1")), .. measured], measured);
    }

    private static RegimeNormalizer RandomNormalizer(Random random, int regimes, int settings, int sensors)
    {
        float[] Row(int length, Func<double> value) => [.. Enumerable.Range(0, length).Select(_ => (float)value())];
        float[][] Table(int length, Func<double> value) => [.. Enumerable.Range(0, regimes).Select(_ => Row(length, value))];
        return new RegimeNormalizer(
            Row(settings, () => random.Next(5) == 0 ? 0 : random.NextDouble() + 0.1),
            Table(settings, () => random.Next(-3, 4)),
            Table(sensors, () => random.NextDouble() * 500),
            Table(sensors, () => random.NextDouble() + 0.01));
    }

    private static IEnumerable<float[]> Rows(Random random, int width, int count)
    {
        for (var i = 0; i < count; i++)
        {
            yield return [.. Enumerable.Range(0, width).Select(_ => random.Next(15) switch
            {
                0 => float.NaN,
                1 => random.Next(-3, 4),
                _ => (float)((random.NextDouble() * 8) - 4),
            })];
        }
    }
}
