using System.Text;
using Pilotage.Core;

namespace Pilotage.Learning.Onnx;

/// <summary>Looks at a model's bytes before the library does, for what must never reach it and for what it explains badly.</summary>
/// <remarks>
/// The library would read weights kept outside the model from any path the model names; that is the file system of
/// whoever loads it, so it is refused here. Field numbers are those of onnx.proto.
/// </remarks>
internal static class ModelInspector
{
    /// <summary>Graphs inside graphs (If, Loop, Scan) deeper than any converter makes.</summary>
    private const int DepthMax = 16;

    /// <summary>Operator sets built into the CPU library; everything else needs code from outside the model.</summary>
    private static readonly HashSet<string> KnownDomains = new(StringComparer.Ordinal)
    {
        "", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training", "com.microsoft", "com.microsoft.nchwc",
    };

    /// <summary>The reason to refuse a model, or null.</summary>
    public static Refusal? Refuse(ReadOnlySpan<byte> model)
    {
        var scan = new Scan(OwnFunctions(model));
        var graphs = 0;
        var reader = new ProtoReader(model);
        while (reader.Next())
        {
            const int Graph = 7, Functions = 25;
            if (reader.Field == Graph)
            {
                graphs++;
                scan.Graph(reader.Content, 0);
            }
            else if (reader.Field == Functions)
            {
                scan.Function(reader.Content);
            }
        }

        return reader.Failed || scan.Malformed || graphs == 0
            ? new Refusal("onnx.not_a_model", "The bytes are no ONNX model: not a protobuf message with a graph.")
            : scan.Fault;
    }

    /// <summary>The library's refusal in our words, its own text kept.</summary>
    public static Refusal Explain(OnnxException refused)
    {
        var text = refused.Message;
        if (text.Contains("opset", StringComparison.Ordinal) && text.Contains("under development", StringComparison.Ordinal))
        {
            return new Refusal("onnx.unknown_opset", $"The model uses an operator set newer than this version knows. {text}");
        }

        if (text.Contains("Unsupported model IR version", StringComparison.Ordinal))
        {
            return new Refusal("onnx.unknown_ir", $"The model's file format is newer than this version knows. {text}");
        }

        var unknown = refused.Code == OrtErrorCode.NotImplemented
            || text.Contains("is not a registered function/op", StringComparison.Ordinal)
            || text.Contains("No Op registered for", StringComparison.Ordinal);
        return unknown
            ? new Refusal("onnx.unknown_operator", $"The model uses an operator this version does not have. {text}")
            : new Refusal("onnx.invalid", $"ONNX Runtime refused the model ({refused.Code}). {text}");
    }

    private static HashSet<string> OwnFunctions(ReadOnlySpan<byte> model)
    {
        var domains = new HashSet<string>(StringComparer.Ordinal);
        var reader = new ProtoReader(model);
        while (reader.Next())
        {
            if (reader.Field == 25)
            {
                domains.Add(Text(reader.Content, field: 10));
            }
        }

        return domains;
    }

    private static string Text(ReadOnlySpan<byte> message, int field)
    {
        var reader = new ProtoReader(message);
        var text = "";
        while (reader.Next())
        {
            text = reader.Field == field ? Encoding.UTF8.GetString(reader.Content) : text;
        }

        return text;
    }

    private sealed class Scan(HashSet<string> ownFunctions)
    {
        public bool Malformed { get; private set; }

        public Refusal? Fault { get; private set; }

        public void Graph(ReadOnlySpan<byte> graph, int depth)
        {
            if (depth > DepthMax)
            {
                Fault ??= new Refusal("onnx.too_deep", $"The model nests graphs deeper than {DepthMax}.");
                return;
            }

            var reader = new ProtoReader(graph);
            while (reader.Next())
            {
                const int Node = 1, Initializer = 5, SparseInitializer = 15;
                switch (reader.Field)
                {
                    case Node:
                        this.Node(reader.Content, depth);
                        break;
                    case Initializer:
                        Tensor(reader.Content);
                        break;
                    case SparseInitializer:
                        Sparse(reader.Content);
                        break;
                    default:
                        break;
                }
            }

            Malformed |= reader.Failed;
        }

        public void Function(ReadOnlySpan<byte> function)
        {
            var reader = new ProtoReader(function);
            while (reader.Next())
            {
                if (reader.Field == 7)
                {
                    Node(reader.Content, 0);
                }
            }

            Malformed |= reader.Failed;
        }

        private void Node(ReadOnlySpan<byte> node, int depth)
        {
            const int Attribute = 5, OperatorType = 4, Domain = 7;
            var domain = Text(node, Domain);
            if (!KnownDomains.Contains(domain) && !ownFunctions.Contains(domain))
            {
                Fault ??= new Refusal(
                    "onnx.custom_operator",
                    $"The model uses the operator {Text(node, OperatorType)} of '{domain}', which needs code from outside the model.");
            }

            var reader = new ProtoReader(node);
            while (reader.Next())
            {
                if (reader.Field == Attribute)
                {
                    AttributeOf(reader.Content, depth);
                }
            }

            Malformed |= reader.Failed;
        }

        private void AttributeOf(ReadOnlySpan<byte> attribute, int depth)
        {
            const int OneTensor = 5, OneGraph = 6, Tensors = 10, Graphs = 11, OneSparse = 22, Sparses = 23;
            var reader = new ProtoReader(attribute);
            while (reader.Next())
            {
                switch (reader.Field)
                {
                    case OneTensor or Tensors:
                        Tensor(reader.Content);
                        break;
                    case OneGraph or Graphs:
                        Graph(reader.Content, depth + 1);
                        break;
                    case OneSparse or Sparses:
                        Sparse(reader.Content);
                        break;
                    default:
                        break;
                }
            }

            Malformed |= reader.Failed;
        }

        private void Sparse(ReadOnlySpan<byte> sparse)
        {
            var reader = new ProtoReader(sparse);
            while (reader.Next())
            {
                const int Values = 1, Indices = 2;
                if (reader.Field is Values or Indices)
                {
                    Tensor(reader.Content);
                }
            }

            Malformed |= reader.Failed;
        }

        private void Tensor(ReadOnlySpan<byte> tensor)
        {
            const int Name = 8, ExternalData = 13, DataLocation = 14;
            var reader = new ProtoReader(tensor);
            var outside = false;
            while (reader.Next())
            {
                outside |= reader.Field == ExternalData || (reader.Field == DataLocation && reader.Number != 0);
            }

            Malformed |= reader.Failed;
            if (outside)
            {
                Fault ??= new Refusal(
                    "onnx.external_data",
                    $"The weights '{Text(tensor, Name)}' lie in another file; a model must be one file. Save it with its weights inside.");
            }
        }
    }
}
