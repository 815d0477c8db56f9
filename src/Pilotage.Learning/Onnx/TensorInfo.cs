namespace Pilotage.Learning.Onnx;

/// <summary>One input or output of a model.</summary>
/// <param name="Name">As written in the graph.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its dimensions; −1 where the graph leaves one free. Empty for a scalar.</param>
public sealed record TensorInfo(string Name, TensorType Type, IReadOnlyList<long> Shape)
{
    /// <summary>Elements when a free leading dimension is <paramref name="rows"/>; −1 when another dimension is free.</summary>
    internal long Elements(int rows)
    {
        long elements = 1;
        for (var i = 0; i < Shape.Count; i++)
        {
            var dimension = i == 0 && Shape[0] < 0 ? rows : Shape[i];
            if (dimension < 0 || (dimension > 0 && elements > long.MaxValue / dimension))
            {
                return -1;
            }

            elements *= dimension;
        }

        return elements;
    }
}
