using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Learning.Onnx;
using Pilotage.Tests.Learning;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>Published cases of models run on the command line.</summary>
public sealed class ModelTestVerbTests
{
    [Fact]
    public async Task All_that_pass_end_with_0_in_rows_and_in_json_and_one_that_differs_with_1()
    {
        using var folder = Folder(321.5f);
        folder.Write("broken.onnx", [1, 2, 3]);
        using var run = new CliRun();

        Assert.Equal(ExitCode.Done, await run.RunAsync("model", "test", folder.Root));
        Assert.Contains("rul/model.onnx: test_data_set_0  passed        0", run.Output, StringComparison.Ordinal);
        Assert.Matches("broken.onnx +not loadable +- +The bytes are no ONNX model", run.Output);
        Assert.Equal("1 passed, 0 failed, 1 not loadable, 0 without cases\n", run.Error);

        using var wrong = Folder(321f);
        using var json = new CliRun();
        Assert.Equal(ExitCode.Failed, await json.RunAsync("model", "test", wrong.Root, "-o", "json"));
        var told = JsonNode.Parse(json.Output)!;
        Assert.Equal((0, 1), ((int)told["passed"]!, (int)told["failed"]!));
        Assert.Equal(("failed", 0.5), ((string?)told["items"]![0]!["result"], (double)told["items"]![0]!["worstError"]!));
        Assert.Contains("321 is expected", (string?)told["items"]![0]!["reason"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tolerance_is_what_was_asked_and_one_file_may_be_named()
    {
        using var folder = Folder(321f);
        using var run = new CliRun();
        var file = Path.Combine(folder.Root, "rul", "model.onnx");

        Assert.Equal(ExitCode.Done, await run.RunAsync("model", "test", file, "--rtol", "0", "--atol", "0.5"));
        Assert.Equal(ExitCode.Failed, await run.RunAsync("model", "test", file, "--rtol", "0", "--atol", "0.4"));
        Assert.Contains("\nmodel.onnx: test_data_set_0", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ExitCode.NotFound, "is not there", "nowhere")]
    [InlineData(ExitCode.NotFound, "there is no model below", ".")]
    [InlineData(ExitCode.Usage, "--rtol: '-1' is no tolerance", "token", "--rtol", "-1")]
    [InlineData(ExitCode.Usage, "--atol: 'NaN' is no tolerance", "token", "--atol", "NaN")]
    [InlineData(ExitCode.Usage, "--timeout: '5' is no time", "token", "--timeout", "5")]
    public async Task What_cannot_be_meant_is_told(int exit, string says, params string[] arguments)
    {
        using var run = new CliRun();

        Assert.Equal(exit, await run.RunAsync(["model", "test", .. arguments]));

        Assert.Contains(says, run.Error, StringComparison.Ordinal);
        Assert.Equal(3, run.Error.TrimEnd().Split('\n').Length);
    }

    [Fact]
    public async Task Nothing_that_loads_ends_with_1_and_a_pipe_is_no_model()
    {
        using var folder = new CaseFolder();
        folder.Write("broken.onnx", [1, 2, 3]);
        var pipe = Path.Combine(folder.Root, "pipe.onnx");
        using (var made = System.Diagnostics.Process.Start("mkfifo", pipe))
        {
            await made.WaitForExitAsync();
        }

        using var run = new CliRun();
        Assert.Equal(ExitCode.Failed, await run.RunAsync("model", "test", folder.Root));
        Assert.Equal("0 passed, 0 failed, 1 not loadable, 0 without cases\n", run.Error);
        using var named = new CliRun();
        Assert.Equal(ExitCode.Usage, await named.RunAsync("model", "test", pipe));
        Assert.Contains("is no file", named.Error, StringComparison.Ordinal);
    }

    private static CaseFolder Folder(float expected)
    {
        var folder = new CaseFolder();
        folder.Write("rul/model.onnx", TinyModels.Affine());
        folder.Proto("rul/test_data_set_0/input_0.pb", "input", Tensor.Of([1f, 2, 3], 1, 3));
        folder.Proto("rul/test_data_set_0/output_0.pb", "output", Tensor.Of([expected], 1, 1));
        return folder;
    }
}
