using System.Text.Json.Nodes;
using Pilotage.Cli.Demo.Processes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo;

/// <summary>Where everything listens; chosen once, so that a restarted child is found again.</summary>
internal sealed record DemoPorts(int Http, int Https, int Mqtts, int Edge1, int Edge2)
{
    private const int UsualMqtts = 8883;
    private const string FileName = "ports.json";

    public static DemoPorts Choose(int http) =>
        new(FreePorts.Demand(http, "server's HTTP listener", "--port"), FreePorts.Any(), FreePorts.Prefer(UsualMqtts), FreePorts.Any(), FreePorts.Any());

    public void Write(DemoHome home) => File.WriteAllText(
        Path.Combine(home.Root, FileName), new JsonObject { ["http"] = Http, ["https"] = Https, ["mqtts"] = Mqtts, ["edge1"] = Edge1, ["edge2"] = Edge2 }.ToJsonString() + "\n");

    public static DemoPorts Read(DemoHome home)
    {
        var file = Path.Combine(home.Root, FileName);
        var json = File.Exists(file) ? JsonNode.Parse(File.ReadAllText(file)) : throw new CliFailure(ExitCode.NotFound, "there is no demonstration here", $"{file} does not exist", "pilotage demo");
        return new(Port("http"), Port("https"), Port("mqtts"), Port("edge1"), Port("edge2"));

        int Port(string name) => json?[name]?.GetValue<int>() ?? 0;
    }
}
