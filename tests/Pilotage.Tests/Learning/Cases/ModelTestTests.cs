using Pilotage.Learning.Cases;
using Pilotage.Learning.Export;
using Pilotage.Learning.Golden;
using Pilotage.Learning.Onnx;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Learning.Cases;

public sealed class ModelTestTests
{
    [Fact]
    public void The_sets_of_the_backend_tests_are_run_in_order_and_the_one_that_differs_is_told()
    {
        using var folder = Affine();
        folder.Proto("rul/test_data_set_10/input_0.pb", "input", Tensor.Of([1f, 2, 3], 1, 3));
        folder.Proto("rul/test_data_set_10/output_0.pb", "output", Tensor.Of([321.9f], 1, 1));
        folder.Proto("rul/test_data_set_2/input_0.pb", "", Tensor.Of([1f, 2, 3, 0, 0, 0], 2, 3));
        folder.Proto("rul/test_data_set_2/output_0.pb", "", Tensor.Of([321.5001f, 0.5f], 2, 1));

        var results = Run(folder);

        Assert.Equal(["rul/model.onnx: test_data_set_2", "rul/model.onnx: test_data_set_10"], results.Select(result => result.Name));
        Assert.Equal([CaseOutcome.Passed, CaseOutcome.Failed], results.Select(result => result.Outcome));
        Assert.Equal(0.4, results[1].WorstError!.Value, 3);
        Assert.Contains("'output' is 321.5 at 0; 321.9 is expected (1 of 1 values differ)", results[1].Reason, StringComparison.Ordinal);
        Assert.All(Run(folder, new Tolerance(2e-3, 0)), result => Assert.Equal(CaseOutcome.Passed, result.Outcome));
    }

    [Fact]
    public void Arrays_of_numpy_are_found_by_name_and_dimensions_of_one_do_not_count()
    {
        using var folder = Affine();
        folder.Npz("rul/io.npz", ("input", CaseFolder.Npy("<f4", "1, 3", Bytes(1, 2, 3))), ("output", CaseFolder.Npy("<f4", "1,", Bytes(321.5f))));

        Assert.Equal(new CaseResult("rul/model.onnx: io.npz", CaseOutcome.Passed, 0, null), Assert.Single(Run(folder)));

        folder.Npz("rul/io.npz", ("input", CaseFolder.Npy("<f4", "1, 3", Bytes(1, 2, 3))), ("yield", CaseFolder.Npy("<f4", "1,", Bytes(321.5f))));
        Assert.Contains("None of its arrays (input, yield) is an output of the model (output)", Assert.Single(Run(folder)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Outputs_beside_a_model_are_those_of_a_ramp()
    {
        using var folder = new CaseFolder();
        folder.Write("light.onnx", TinyModels.Affine(1, 3, 3));
        folder.Proto("light_output_0.pb", "", Tensor.Of([3.5f], 1, 1));

        Assert.Equal(CaseOutcome.Passed, Assert.Single(Run(folder)).Outcome);
    }

    [Fact]
    public void Golden_answers_beside_a_model_are_checked_and_those_of_another_model_fail()
    {
        using var folder = Affine();
        using var model = TinyModels.Load(TinyModels.Affine());
        using var other = TinyModels.Load(TinyModels.Affine(7));
        folder.Write("rul/golden.json", GoldenSet.Record(model, [[1f, 2, 3]], 1e-5).Write());
        folder.Write("rul/notes.json", "[1]"u8.ToArray());

        Assert.Equal(("rul/model.onnx: golden.json", CaseOutcome.Passed), (Assert.Single(Run(folder)).Name, Run(folder)[0].Outcome));

        folder.Write("rul/golden.json", GoldenSet.Record(other, [[1f, 2, 3]], 1e-5).Write());
        Assert.Equal(CaseOutcome.Failed, Assert.Single(Run(folder)).Outcome);
        folder.Write("rul/golden.json", "{\"format\":\"pilotage.golden/1\",\"inputs\":["u8.ToArray());
        Assert.Contains("no golden set", Assert.Single(Run(folder)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_is_refused_says_why_for_each_of_its_cases_and_one_without_cases_that_there_are_none()
    {
        using var folder = new CaseFolder();
        folder.Write("a/model.onnx", "not a model"u8.ToArray());
        folder.Proto("a/test_data_set_0/output_0.pb", "y", Tensor.Of([1f], 1));
        folder.Proto("a/test_data_set_1/output_0.pb", "y", Tensor.Of([1f], 1));
        folder.Write("b/lone.onnx", TinyModels.Affine());

        var results = Run(folder);

        Assert.Equal([CaseOutcome.NotLoadable, CaseOutcome.NotLoadable, CaseOutcome.NoCases], results.Select(result => result.Outcome));
        Assert.Contains("no ONNX model", results[1].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_shapes_missing_inputs_and_broken_tensors_fail_with_the_reason()
    {
        using var folder = Affine();
        folder.Proto("rul/test_data_set_0/input_0.pb", "input", Tensor.Of([1f, 2], 1, 2));
        folder.Proto("rul/test_data_set_0/output_0.pb", "output", Tensor.Of([1f], 1, 1));
        folder.Proto("rul/test_data_set_1/output_0.pb", "output", Tensor.Of([1f], 1, 1));
        folder.Proto("rul/test_data_set_2/input_0.pb", "input", Tensor.Of([1f, 2, 3], 1, 3));
        folder.Write("rul/test_data_set_2/output_0.pb", new ProtoWriter().Packed(1, [1L, 1L << 40]).Number(2, 1).Written.ToArray());

        Assert.Equal(
            [
                "The input 'input' is Float32[?,3]; Float32[1,2] is given.",
                "It gives no input 'input'.",
                $"output_0.pb: This is no tensor. Its dimensions are no shape, or more than {256 << 20} bytes.",
            ],
            Run(folder).Select(result => result.Reason));
    }

    [Fact]
    public void State_that_a_case_does_not_give_is_that_of_the_case_before()
    {
        using var folder = new CaseFolder();
        folder.Write("model.onnx", TinyModels.Sum());
        foreach (var (set, sum) in new[] { (0, 2f), (1, 4f), (2, 6f) })
        {
            folder.Proto($"test_data_set_{set}/input_0.pb", "x", Tensor.Of([2f], 1, 1));
            folder.Proto($"test_data_set_{set}/output_0.pb", "y", Tensor.Of([sum], 1, 1));
        }

        Assert.Equal([CaseOutcome.Passed, CaseOutcome.Passed, CaseOutcome.Passed], Run(folder).Select(result => result.Outcome));
    }

    [Fact]
    public void Texts_and_half_floats_go_in_and_come_out()
    {
        using var folder = new CaseFolder();
        var graph = new OnnxGraph("many")
            .Input("word", TensorType.Text, 2)
            .Input("half", TensorType.Float16, 2)
            .Output("same", TensorType.Text, 2)
            .Output("also", TensorType.Float16, 2)
            .Node("Identity", ["word"], ["same"])
            .Node("Identity", ["half"], ["also"]);
        folder.Write("model.onnx", OnnxWriter.Model(graph, TinyModels.Properties));
        var half = new ProtoWriter().Packed(1, [2L]).Number(2, 10).Packed(5, [0x3C00L, 0x4000L]).Written.ToArray();
        byte[] Words(string second) => new ProtoWriter().Number(1, 2).Number(2, 8).Text(6, "pümpe").Text(6, second).Written.ToArray();
        foreach (var (set, second) in new[] { (0, ""), (1, "x") })
        {
            folder.Write($"test_data_set_{set}/input_0.pb", Words(""));
            folder.Write($"test_data_set_{set}/input_1.pb", half);
            folder.Write($"test_data_set_{set}/output_0.pb", Words(second));
            folder.Write($"test_data_set_{set}/output_1.pb", half);
        }

        var results = Run(folder);

        Assert.Equal([null, "'same' is '' at 1; 'x' is expected."], results.Select(result => result.Reason));
    }

    [Fact]
    public async Task A_model_that_does_not_end_is_stopped_and_fails()
    {
        using var folder = new CaseFolder();
        folder.Write("model.onnx", TinyModels.Endless());
        folder.Proto("test_data_set_0/input_0.pb", "input", Tensor.Of([1f, 2, 3], 1, 3));
        folder.Proto("test_data_set_0/output_0.pb", "output", Tensor.Of([1f, 2, 3], 1, 3));
        var time = new ManualTime();
        var running = Task.Factory.StartNew(() => Run(folder, Tolerance.Default, time), default, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        while (time.ArmedTimers == 0 && !running.IsCompleted)
        {
            await Task.Yield();
        }

        time.Advance(TimeSpan.FromSeconds(10));

        Assert.Contains("did not end within 10 s", Assert.Single(await running.WaitAsync(TimeSpan.FromSeconds(30))).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(">f4", "1, 3")]
    [InlineData("|O", "1, 3")]
    [InlineData("<f4", "1, 4")]
    [InlineData("<f4", "-1, -3")]
    [InlineData("<f4", "999999999999, 999999999999")]
    public void Arrays_that_cannot_be_read_are_refused(string described, string shape) =>
        Assert.Equal("case.array_malformed", NumpyFile.Read(CaseFolder.Npy(described, shape, Bytes(1, 2, 3))).Refusal.Code);

    [Fact]
    public void Bytes_that_are_no_tensor_or_array_are_refused_wherever_they_are_cut()
    {
        var npy = CaseFolder.Npy("<f4", "3,", Bytes(1, 2, 3));
        var proto = OnnxGraph.Message("x", Tensor.Of([1f, 2, 3], 3)).Written.ToArray();

        Assert.All(Enumerable.Range(0, npy.Length), cut => Assert.False(NumpyFile.Read(npy.AsSpan(0, cut)).IsOk, $"{cut}"));
        Assert.All(Enumerable.Range(0, proto.Length), cut => Assert.False(TensorProto.Read(proto.AsSpan(0, cut)).IsOk, $"{cut}"));
        Assert.Equal([1, 2, 3], TensorProto.Read(proto).Value.Value.As<float>());
        Assert.Equal([1, 2, 3], NumpyFile.Read(npy).Value.As<float>());
    }

    private static CaseFolder Affine()
    {
        var folder = new CaseFolder();
        folder.Write("rul/model.onnx", TinyModels.Affine());
        return folder;
    }

    private static List<CaseResult> Run(CaseFolder folder, Tolerance? tolerance = null, TimeProvider? time = null)
    {
        var test = new ModelTest(tolerance ?? Tolerance.Default, new OnnxOptions(), TimeSpan.FromSeconds(10), time ?? TimeProvider.System);
        return [.. ModelTest.Models(folder.Root).SelectMany(model => test.Run(folder.Root, model, CancellationToken.None))];
    }

    private static byte[] Bytes(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
