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

    /// <summary>Whether a tensor has the type and a shape that fits; free dimensions take any size.</summary>
    internal bool Takes(Tensor tensor)
    {
        // The library tells no dimensions for a scalar and for a rank that the graph leaves open.
        if (tensor.Type != Type || (Shape.Count > 0 && Shape.Count != tensor.Shape.Count))
        {
            return false;
        }

        for (var i = 0; i < Shape.Count; i++)
        {
            if (Shape[i] >= 0 && Shape[i] != tensor.Shape[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Type and dimensions for a person: <c>Float32[?,3]</c>.</summary>
    internal string Described => Written(Type, Shape);

    internal static string Written(TensorType type, IReadOnlyList<long> shape) => $"{type}[{string.Join(',', shape.Select(dimension => dimension < 0 ? "?" : $"{dimension}"))}]";
}
