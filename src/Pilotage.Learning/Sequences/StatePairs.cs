using Pilotage.Learning.Onnx;

namespace Pilotage.Learning.Sequences;

/// <summary>Finds which outputs of a model are inputs of its next call.</summary>
internal static class StatePairs
{
    private static readonly string[] InputEndings = ["_in", "_prev", "_old", "_0", "0"];
    private static readonly string[] OutputEndings = ["_out", "_next", "_new", "_n", "out", "n", "_1", "1"];
    private static readonly string[] OutputBeginnings = ["new_", "next_"];

    /// <summary>Pairs of places, by names that differ by an ending; each output once.</summary>
    public static IReadOnlyList<(int Input, int Output)> Of(OnnxModel model)
    {
        var pairs = new List<(int Input, int Output)>();
        for (var input = 0; input < model.Inputs.Count; input++)
        {
            var taken = input;
            var output = Enumerable.Range(0, model.Outputs.Count)
                .FirstOrDefault(o => !pairs.Exists(pair => pair.Output == o) && Fits(model.Inputs[taken], model.Outputs[o]) && Related(model.Inputs[taken].Name, model.Outputs[o].Name), -1);
            if (output >= 0)
            {
                pairs.Add((input, output));
            }
        }

        return pairs;
    }

    /// <summary>Whether an output can be the input of the next call.</summary>
    public static bool Fits(TensorInfo input, TensorInfo output) =>
        input.Type == output.Type
        && input.Type is not (TensorType.Other or TensorType.Text)
        && input.Shape.Count == output.Shape.Count
        && input.Shape.Zip(output.Shape).All(pair => pair.First < 0 || pair.Second < 0 || pair.First == pair.Second);

    /// <summary>The state before the first call: zeros, free dimensions taken as 1.</summary>
    public static Tensor Begin(TensorInfo input) => new(input.Type, [.. input.Shape.Select(dimension => dimension < 0 ? 1 : dimension)]);

    private static bool Related(string input, string output)
    {
        var inputs = InputEndings.Where(ending => input.EndsWith(ending, StringComparison.Ordinal)).Select(ending => input[..^ending.Length]).Append(input);
        var outputs = OutputEndings.Where(ending => output.EndsWith(ending, StringComparison.OrdinalIgnoreCase)).Select(ending => output[..^ending.Length])
            .Concat(OutputBeginnings.Where(beginning => output.StartsWith(beginning, StringComparison.Ordinal)).Select(beginning => output[beginning.Length..]));
        return inputs.Intersect(outputs, StringComparer.Ordinal).Any(stem => stem.Length > 0);
    }
}
