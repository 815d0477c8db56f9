using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo;

/// <summary>What a walk measured, as <c>--report</c> writes it. Nothing in it is asserted: each part is an answer of the server or a count.</summary>
internal sealed class DemoReport
{
    private readonly JsonObject _root = new() { ["format"] = "pilotage.demo-report/1" };

    /// <summary>Refuses a file that could not be written at the end, before minutes have gone into what it would hold.</summary>
    public static void Demand(string? file)
    {
        if (file is null)
        {
            return;
        }

        if (Directory.Exists(file))
        {
            throw new CliFailure(ExitCode.Usage, $"the report cannot be written to {file}", FileFault.IsFolder, $"--report {Path.Combine(file, "report.json")}");
        }

        if (Path.GetDirectoryName(file) is not { } folder || !Directory.Exists(folder))
        {
            throw new CliFailure(ExitCode.Usage, $"the report cannot be written to {file}", $"the folder {Path.GetDirectoryName(file)} does not exist", $"mkdir -p {Path.GetDirectoryName(file)}");
        }

        try
        {
            var isNew = !File.Exists(file);
            File.Open(file, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            if (isNew)
            {
                File.Delete(file);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.Usage, $"the report cannot be written to {file}", FileFault.Why(failure), "--report with a file that you may write");
        }
    }

    public JsonArray Rollouts { get; } = [];

    public JsonArray Gates { get; } = [];

    /// <summary>Why the loop did not end right; empty when it did.</summary>
    public List<string> Faults { get; } = [];

    public void Set(string name, JsonNode? value) => _root[name] = value;

    public JsonNode? Get(string name) => _root[name];

    public JsonObject ToJson(double elapsedSeconds)
    {
        _root["rollouts"] = Rollouts.DeepClone();
        _root["gates"] = Gates.DeepClone();
        _root["faults"] = new JsonArray([.. Faults.Select(fault => (JsonNode)fault)]);
        _root["ok"] = Faults.Count == 0;
        _root["elapsedSeconds"] = Math.Round(elapsedSeconds, 1);
        return _root;
    }

    public void Write(string file, double elapsedSeconds) => File.WriteAllText(file, ToJson(elapsedSeconds).ToJsonString(CliJson.Indented) + "\n");
}
