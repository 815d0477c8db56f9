using System.Text.Json;
using Pilotage.Core;
using Pilotage.Learning.Onnx;

namespace Pilotage.Learning.Golden;

/// <summary>Known inputs of one model with the answers it must give, written when the model was made.</summary>
/// <param name="Model">Digest of the model file the answers belong to.</param>
/// <param name="Tolerance">Largest error allowed, relative to answers above 1 and absolute below.</param>
/// <param name="Inputs">The rows; null stands for a missing value.</param>
/// <param name="Expected">The answer to each row.</param>
public sealed record GoldenSet(string Model, double Tolerance, IReadOnlyList<float?[]> Inputs, IReadOnlyList<float?[]> Expected)
{
    private const string Format = "pilotage.golden/1";
    private const int RowsMax = 10_000;

    /// <summary>Asks a model for its answers to the given rows and keeps them.</summary>
    public static GoldenSet Record(OnnxModel model, IEnumerable<float[]> rows, double tolerance)
    {
        var inputs = new List<float?[]>();
        var expected = new List<float?[]>();
        var answer = new float[model.OutputWidth];
        foreach (var row in rows)
        {
            model.Run(row, answer);
            inputs.Add(Nullable(row));
            expected.Add(Nullable(answer));
        }

        return new GoldenSet(model.Digest.ToString(), tolerance, inputs, expected);
    }

    /// <summary>Reads the JSON form; what is not one whole golden set is refused.</summary>
    public static Outcome<GoldenSet> Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var file = JsonSerializer.Deserialize(json, GoldenJson.Default.GoldenFile);
            return file is null ? Refuse("It is empty.") : file.Format != Format ? Refuse($"Its format is '{file.Format}'.") : Check(file);
        }
        catch (JsonException malformed)
        {
            return Refuse(malformed.Message);
        }
    }

    /// <summary>The JSON form; equal sets give equal bytes.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(
        new GoldenFile(Format, Model, Tolerance, Inputs, Expected), GoldenJson.Default.GoldenFile);

    /// <summary>Has a model answer every row and compares; a model that fails on a row is not thrown but reported.</summary>
    public GoldenReport Check(OnnxModel model)
    {
        if (model.Digest.ToString() != Model)
        {
            return GoldenReport.Failed(Inputs.Count, "The answers belong to another model.");
        }

        var (maxError, worst) = (0.0, -1);
        var answer = new float[model.OutputWidth];
        try
        {
            for (var i = 0; i < Inputs.Count; i++)
            {
                if (Inputs[i].Length != model.RowWidth || Expected[i].Length != model.OutputWidth)
                {
                    return GoldenReport.Failed(Inputs.Count, $"Row {i} does not have the model's width.");
                }

                model.Run(Floats(Inputs[i]), answer);
                var error = Error(Expected[i], answer);
                (maxError, worst) = error > maxError ? (error, i) : (maxError, worst);
            }
        }
        catch (OnnxException failed)
        {
            return GoldenReport.Failed(Inputs.Count, failed.Message);
        }

        return maxError <= Tolerance
            ? new GoldenReport(Inputs.Count, maxError, Pass: true, Reason: null)
            : new GoldenReport(Inputs.Count, maxError, Pass: false, $"Row {worst} is off by {maxError:G3}; {Tolerance:G3} is allowed.");
    }

    private static Outcome<GoldenSet> Check(GoldenFile file)
    {
        var rows = file.Inputs?.Count ?? -1;
        if (rows is < 1 or > RowsMax || file.Expected?.Count != rows)
        {
            return Refuse($"It needs 1 to {RowsMax} rows and one answer to each.");
        }

        if (file.Inputs!.Concat(file.Expected).Any(row => row is null))
        {
            return Refuse("A row is null.");
        }

        if (!Digest.TryParse(file.Model, out _) || !(file.Tolerance >= 0) || !double.IsFinite(file.Tolerance))
        {
            return Refuse("It needs the model's digest and a tolerance of 0 or more.");
        }

        return new GoldenSet(file.Model!, file.Tolerance, file.Inputs!, file.Expected!);
    }

    private static Refusal Refuse(string why) => new("golden.malformed", $"This is no golden set. {why}");

    /// <summary>The largest error of a row; a value missing on one side only is beyond any tolerance.</summary>
    private static double Error(float?[] expected, float[] answer)
    {
        var largest = 0.0;
        for (var i = 0; i < answer.Length; i++)
        {
            var missing = float.IsNaN(answer[i]);
            if (expected[i] is not { } wanted)
            {
                largest = missing ? largest : GoldenReport.Unanswered;
                continue;
            }

            // Equal infinities differ by NaN, so ask for equality first.
            var error = answer[i].Equals(wanted) ? 0 : Math.Abs((double)answer[i] - wanted) / Math.Max(1, Math.Abs(wanted));
            largest = double.IsFinite(error) ? Math.Max(largest, error) : GoldenReport.Unanswered;
        }

        return largest;
    }

    private static float?[] Nullable(float[] row) => Array.ConvertAll(row, value => float.IsNaN(value) ? (float?)null : value);

    private static float[] Floats(float?[] row) => Array.ConvertAll(row, value => value ?? float.NaN);
}
