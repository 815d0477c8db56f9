using System.Security.Cryptography;
using System.Text;
using Pilotage.Learning.Onnx;

namespace Pilotage.Learning.Golden;

/// <summary>
/// Rows nobody has answered before: each value comes from a golden row drawn by a fresh challenge. Whoever does not have the model
/// at hand cannot answer them, however many old answers it kept.
/// </summary>
public static class GoldenChallenge
{
    /// <summary>Rows per challenge.</summary>
    public const int Rows = 4;

    /// <summary>Answers the challenge with a model; null stands for a missing answer.</summary>
    public static IReadOnlyList<float?> Answer(GoldenSet golden, OnnxModel model, string challenge)
    {
        var answers = new List<float?>(Rows * model.OutputWidth);
        var outputs = new float[model.OutputWidth];
        foreach (var row in RowsOf(golden, challenge))
        {
            model.Run(row, outputs);
            answers.AddRange(outputs.Select(value => float.IsNaN(value) ? (float?)null : value));
        }

        return answers;
    }

    /// <summary>Whether somebody's answers are this model's, within the tolerance of the golden set.</summary>
    public static bool Holds(GoldenSet golden, OnnxModel model, string challenge, IReadOnlyList<float?> answers)
    {
        var expected = Answer(golden, model, challenge);
        return expected.Count == answers.Count && expected.Zip(answers).All(pair => Near(pair.First, pair.Second, golden.Tolerance));
    }

    private static bool Near(float? expected, float? answer, double tolerance) =>
        expected is { } wanted && answer is { } given
            ? Math.Abs((double)wanted - given) <= tolerance * Math.Max(1, Math.Abs(wanted))
            : expected.HasValue == answer.HasValue;

    private static IEnumerable<float[]> RowsOf(GoldenSet golden, string challenge)
    {
        if (golden.Inputs.Count == 0)
        {
            yield break;
        }

        for (var i = 0; i < Rows; i++)
        {
            var row = new float[golden.Inputs[0].Length];
            for (var column = 0; column < row.Length; column++)
            {
                // Values are taken whole from golden rows, so they are exact on every machine and lie where the model was trained.
                var draw = SHA256.HashData(Encoding.UTF8.GetBytes($"{challenge}/{golden.Model}/{i}/{column}"));
                row[column] = golden.Inputs[(int)(BitConverter.ToUInt32(draw) % (uint)golden.Inputs.Count)][column] ?? float.NaN;
            }

            yield return row;
        }
    }
}
