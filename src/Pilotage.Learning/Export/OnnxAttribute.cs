using Pilotage.Learning.Onnx;

namespace Pilotage.Learning.Export;

/// <summary>One attribute of an ONNX node.</summary>
/// <remarks>Field and type numbers are those of AttributeProto in onnx.proto.</remarks>
public sealed class OnnxAttribute
{
    private const int TypeFloat = 1, TypeInt = 2, TypeString = 3, TypeTensor = 4, TypeGraph = 5;
    private const int TypeFloats = 6, TypeInts = 7, TypeStrings = 8;

    private OnnxAttribute(string name, int type, Action<ProtoWriter> value)
    {
        Message = new ProtoWriter().Text(1, name);
        value(Message);
        Message.Number(20, type);
    }

    internal ProtoWriter Message { get; }

    public static OnnxAttribute Of(string name, float value) => new(name, TypeFloat, m => m.Float(2, value));

    public static OnnxAttribute Of(string name, long value) => new(name, TypeInt, m => m.Number(3, value));

    public static OnnxAttribute Of(string name, string value) => new(name, TypeString, m => m.Text(4, value));

    public static OnnxAttribute Of(string name, Tensor value) =>
        new(name, TypeTensor, m => m.Message(5, OnnxGraph.Message(name, value)));

    /// <summary>A graph inside a node, as Loop, If and Scan have it; it may read values of the graph around it.</summary>
    public static OnnxAttribute Of(string name, OnnxGraph value) => new(name, TypeGraph, m => m.Message(6, value.Message()));

    public static OnnxAttribute Of(string name, ReadOnlySpan<float> values)
    {
        var copy = values.ToArray();
        return new(name, TypeFloats, m => m.Packed(7, copy));
    }

    public static OnnxAttribute Of(string name, ReadOnlySpan<long> values)
    {
        var copy = values.ToArray();
        return new(name, TypeInts, m => m.Packed(8, copy));
    }

    public static OnnxAttribute Of(string name, IReadOnlyList<string> values) => new(name, TypeStrings, m =>
    {
        foreach (var value in values)
        {
            m.Text(9, value);
        }
    });
}
