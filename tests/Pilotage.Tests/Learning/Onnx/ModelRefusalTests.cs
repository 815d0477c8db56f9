using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;
using Xunit;

namespace Pilotage.Tests.Learning.Onnx;

public sealed class ModelRefusalTests
{
    [Fact]
    public void Refuses_bytes_that_are_no_model()
    {
        var noise = new byte[4000];
        new Random(7).NextBytes(noise);

        Assert.Equal("onnx.not_a_model", Code([]));
        Assert.Equal("onnx.not_a_model", Code("format: pilotage.usecase/1"u8.ToArray()));
        Assert.Equal("onnx.not_a_model", Code(noise));
    }

    [Fact]
    public void Refuses_a_model_cut_off_anywhere()
    {
        var bytes = TinyModels.Affine();

        // Behind the graph come operator sets (field 8: B) and properties; without the last of them it is still a model.
        var graphEnd = bytes.AsSpan().IndexOf("B\u0004\n\0"u8);
        Assert.InRange(graphEnd, 100, bytes.Length);
        for (var length = 0; length < graphEnd; length++)
        {
            Assert.False(OnnxModel.Load(bytes.AsMemory(0, length), new OnnxOptions()).IsOk, $"cut at {length}");
        }
    }

    [Fact]
    public void Refuses_a_model_beyond_the_limit()
    {
        var refused = OnnxModel.Load(new byte[2000], new OnnxOptions { ModelBytesMax = 1999 });

        Assert.Equal("onnx.too_large", refused.Refusal.Code);
    }

    [Fact]
    public void Refuses_a_row_beyond_the_limit()
    {
        var refused = OnnxModel.Load(TinyModels.Affine(), new OnnxOptions { RowElementsMax = 2 });

        Assert.Equal("onnx.row_too_large", refused.Refusal.Code);
    }

    [Theory]
    [InlineData(13)]
    [InlineData(14)]
    public void Refuses_weights_in_another_file(int field)
    {
        var refused = OnnxModel.Load(Model(Graph(Weights(field))), new OnnxOptions());

        Assert.Equal("onnx.external_data", refused.Refusal.Code);
        Assert.Contains("'w'", refused.Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_weights_in_another_file_however_deep_they_hide()
    {
        var attribute = new ProtoWriter().Text(1, "body").Message(6, Graph(Weights(14))).Number(20, 5);
        var node = new ProtoWriter().Text(4, "Loop").Message(5, attribute);

        Assert.Equal("onnx.external_data", Code(Model(new ProtoWriter().Message(1, node))));
    }

    [Fact]
    public void Refuses_graphs_nested_without_end()
    {
        var graph = new ProtoWriter();
        for (var depth = 0; depth < 20; depth++)
        {
            graph = new ProtoWriter().Message(1, new ProtoWriter().Message(5, new ProtoWriter().Message(6, graph)));
        }

        Assert.Equal("onnx.too_deep", Code(Model(graph)));
    }

    [Fact]
    public void Refuses_operators_that_need_code_from_outside()
    {
        var graph = new OnnxGraph("custom")
            .Input("input", TensorType.Float32, 1)
            .Output("output", TensorType.Float32, 1)
            .Node("com.example", "Magic", ["input"], ["output"]);
        var refused = OnnxModel.Load(OnnxWriter.Model(graph, TinyModels.Properties), new OnnxOptions());

        Assert.Equal("onnx.custom_operator", refused.Refusal.Code);
        Assert.Contains("Magic of 'com.example'", refused.Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_an_operator_it_does_not_have()
    {
        var graph = new OnnxGraph("odd")
            .Input("input", TensorType.Float32, 1)
            .Output("output", TensorType.Float32, 1)
            .Node("Sine", ["input"], ["output"]);

        Assert.Equal("onnx.unknown_operator", Code(OnnxWriter.Model(graph, TinyModels.Properties)));
    }

    [Fact]
    public void Refuses_an_operator_set_or_a_format_from_the_future()
    {
        Assert.Equal("onnx.unknown_opset", Code(Model(Sine(), operators: 999)));
        Assert.Equal("onnx.unknown_ir", Code(Model(Sine(), irVersion: 999)));
        Assert.True(OnnxModel.Load(Model(Sine()), new OnnxOptions()).IsOk);
    }

    [Fact]
    public void Refuses_a_graph_that_does_not_add_up()
    {
        var graph = new OnnxGraph("loose")
            .Input("input", TensorType.Float32, 1)
            .Output("output", TensorType.Float32, 1)
            .Node("Sin", ["nowhere"], ["output"]);

        Assert.Equal("onnx.invalid", Code(OnnxWriter.Model(graph, TinyModels.Properties)));
    }

    [Fact]
    public void Says_where_the_library_was_looked_for()
    {
        var missing = OnnxRuntime.Open(Path.GetTempPath());

        Assert.Equal("onnx.library_missing", missing.Refusal.Code);
        Assert.Contains(Path.GetTempPath(), missing.Refusal.Message, StringComparison.Ordinal);
    }

    private static string Code(byte[] bytes) => OnnxModel.Load(bytes, new OnnxOptions()).Refusal.Code;

    private static ProtoWriter Weights(int field) =>
        field == 13
            ? new ProtoWriter().Text(8, "w").Message(13, new ProtoWriter().Text(1, "location").Text(2, "/etc/passwd"))
            : new ProtoWriter().Text(8, "w").Number(14, 1);

    private static ProtoWriter Graph(ProtoWriter initializer) => new ProtoWriter().Text(2, "g").Message(5, initializer);

    private static ProtoWriter Sine() => new OnnxGraph("sine")
        .Input("input", TensorType.Float32, 1)
        .Output("output", TensorType.Float32, 1)
        .Node("Sin", ["input"], ["output"])
        .Message();

    private static byte[] Model(ProtoWriter graph, int irVersion = 8, int operators = 17) => new ProtoWriter()
        .Number(1, irVersion)
        .Message(7, graph)
        .Message(8, new ProtoWriter().Number(2, operators))
        .Written.ToArray();
}
