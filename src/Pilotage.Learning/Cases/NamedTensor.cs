using Pilotage.Learning.Onnx;

namespace Pilotage.Learning.Cases;

/// <summary>A tensor out of a file with the name it has there; empty where it has none.</summary>
internal sealed record NamedTensor(string Name, Tensor Value)
{
    /// <summary>Most bytes of one tensor read from a file; what is larger is refused before memory is taken.</summary>
    public const int BytesMax = 256 * 1024 * 1024;

    /// <summary>Elements of these dimensions; −1 when they are none, or too many for the type.</summary>
    public static long ElementsOf(IEnumerable<long> shape, int size)
    {
        long elements = 1;
        foreach (var dimension in shape)
        {
            if (dimension < 0 || (dimension > 0 && elements > BytesMax / dimension))
            {
                return -1;
            }

            elements *= dimension;
        }

        return elements * Math.Max(size, 1) > BytesMax ? -1 : elements;
    }
}
