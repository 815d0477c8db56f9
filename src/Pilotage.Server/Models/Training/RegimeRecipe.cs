using Pilotage.Learning.Export;
using Pilotage.Learning.Regimes;
using Pilotage.Runtime;
using Pilotage.Server.Package;

namespace Pilotage.Server.Models.Training;

/// <summary>The recipe <c>regime_normaliser</c>: no labels, so nothing to evaluate but how many regimes it saw.</summary>
internal static class RegimeRecipe
{
    public static Outcome<(byte[] Onnx, Action<ReadOnlySpan<float>, Span<float>> Predict, Dictionary<string, double> Metrics)> Fit(
        ModelSpec spec, FeatureMatrix features, ModelProperties properties)
    {
        var settings = spec.Recipe.Settings.Count;
        var sensors = spec.Inputs.Count - settings;
        if (!spec.Inputs.Take(settings).Select(input => input.Name).SequenceEqual(spec.Recipe.Settings))
        {
            return new Refusal("training.shape", $"{spec.Recipe.At}: the settings of {spec.Name} must be its first inputs, in the same order.");
        }

        if (sensors != spec.Outputs.Count)
        {
            return new Refusal(
                "training.shape",
                $"{spec.Recipe.At}: {spec.Name} takes {sensors} sensors besides its settings and must give as many outputs, not {spec.Outputs.Count}.");
        }

        var normalizer = Normalizer(spec, features);
        return (
            OnnxWriter.Regimes(normalizer, properties),
            (row, into) => normalizer.Transform(row[..settings], row[settings..], into),
            new Dictionary<string, double>(StringComparer.Ordinal) { ["regimes"] = normalizer.Regimes });
    }

    /// <summary>Learns the regimes from a matrix whose first columns are the settings.</summary>
    public static RegimeNormalizer Normalizer(ModelSpec spec, FeatureMatrix features)
    {
        var settings = spec.Recipe.Settings.Count;
        var sensors = features.Columns.Count - settings;
        return RegimeNormalizer.Fit(
            Columns(features, 0, settings), settings, Columns(features, settings, sensors), sensors, spec.Recipe.ToRegimeOptions());
    }

    private static float[] Columns(FeatureMatrix features, int from, int count)
    {
        var taken = new float[features.Rows * count];
        for (var row = 0; row < features.Rows; row++)
        {
            features.Row(row).Slice(from, count).CopyTo(taken.AsSpan(row * count));
        }

        return taken;
    }
}
