using Pilotage.Learning.Onnx;

namespace Pilotage.Learning.Export;

/// <summary>Builds the graph of an ONNX model: inputs, constants, nodes in the order they run, outputs.</summary>
/// <remarks>Nothing is checked here: loading the result is the check. Field numbers are those of onnx.proto.</remarks>
public sealed class OnnxGraph(string name)
{
    private readonly List<ProtoWriter> _nodes = [];
    private readonly List<ProtoWriter> _constants = [];
    private readonly List<ProtoWriter> _inputs = [];
    private readonly List<ProtoWriter> _outputs = [];

    /// <summary>Adds an input; −1 stands for a free dimension.</summary>
    public OnnxGraph Input(string input, TensorType type, params ReadOnlySpan<long> shape)
    {
        _inputs.Add(ValueInfo(input, type, shape));
        return this;
    }

    /// <summary>Adds an output; −1 stands for a free dimension.</summary>
    public OnnxGraph Output(string output, TensorType type, params ReadOnlySpan<long> shape)
    {
        _outputs.Add(ValueInfo(output, type, shape));
        return this;
    }

    /// <summary>Adds a constant (an initializer).</summary>
    public OnnxGraph Constant(string constant, Tensor value)
    {
        _constants.Add(Message(constant, value));
        return this;
    }

    /// <summary>Adds a node of the standard operator set; an empty input name leaves an optional input out.</summary>
    public OnnxGraph Node(string type, string[] inputs, string[] outputs, params OnnxAttribute[] attributes) =>
        Node("", type, inputs, outputs, attributes);

    /// <summary>Adds a node of another operator set, <c>ai.onnx.ml</c> say.</summary>
    public OnnxGraph Node(string domain, string type, string[] inputs, string[] outputs, params OnnxAttribute[] attributes)
    {
        var node = new ProtoWriter();
        Array.ForEach(inputs, input => node.Text(1, input));
        Array.ForEach(outputs, output => node.Text(2, output));
        node.Text(3, $"{type}_{_nodes.Count}").Text(4, type);
        Array.ForEach(attributes, attribute => node.Message(5, attribute.Message));
        _nodes.Add(node.Text(7, domain));
        return this;
    }

    internal static ProtoWriter Message(string name, Tensor value)
    {
        long[] shape = [.. value.Shape];
        return new ProtoWriter().Packed(1, shape).Number(2, (long)value.Type).Text(8, name).Bytes(9, value.Bytes);
    }

    internal ProtoWriter Message()
    {
        var graph = new ProtoWriter();
        _nodes.ForEach(node => graph.Message(1, node));
        graph.Text(2, name);
        _constants.ForEach(constant => graph.Message(5, constant));
        _inputs.ForEach(input => graph.Message(11, input));
        _outputs.ForEach(output => graph.Message(12, output));
        return graph;
    }

    private static ProtoWriter ValueInfo(string name, TensorType type, ReadOnlySpan<long> dimensions)
    {
        var shape = new ProtoWriter();
        foreach (var size in dimensions)
        {
            const int Value = 1, Parameter = 2;
            var dimension = new ProtoWriter();
            shape.Message(1, size < 0 ? dimension.Text(Parameter, "rows") : dimension.Number(Value, size));
        }

        var tensor = new ProtoWriter().Number(1, (long)type).Message(2, shape);
        return new ProtoWriter().Text(1, name).Message(2, new ProtoWriter().Message(1, tensor));
    }
}
