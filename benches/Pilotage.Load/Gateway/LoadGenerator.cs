using System.Text.Json.Nodes;

namespace Pilotage.Load.Gateway;

/// <summary>The load generator of benches/peers/mqtt, alone on the second processor.</summary>
internal sealed class LoadGenerator
{
    private readonly string _folder = BenchTools.Folder("mqtt");

    private string Program => Path.Combine(_folder, "mqttload");

    /// <summary>Builds it; false, with the reason on standard error, where that cannot be done.</summary>
    public async Task<bool> BuildAsync() =>
        await BenchTools.RunAsync(Path.Combine(BenchTools.Root, "benches", "peers", "mqtt"), "make", "-s", $"OUT={_folder}") is not null;

    /// <summary>What one run measured; nothing when it failed.</summary>
    public async Task<JsonNode?> RunAsync(Broker broker, Scenario scenario, BenchCertificates certificates)
    {
        string[] where = scenario.Tls
            ? ["--tls", "--port", $"{broker.TlsPort}", "--ca", certificates.Authority, "--cert", certificates.Client, "--key", certificates.ClientKey]
            : ["--port", $"{broker.Port}"];
        return await RunAsync("taskset", ["-c", "1", "timeout", "120", Program, "--ver", "5", "--pid", $"{broker.Pid}", .. where, .. scenario.Load.Split(' ')]);
    }

    /// <summary>The same with options of the caller's, wherever there is a processor.</summary>
    public Task<JsonNode?> RunAsync(string[] options) => RunAsync("timeout", ["120", Program, "--ver", "5", .. options]);

    private async Task<JsonNode?> RunAsync(string program, string[] arguments) =>
        await BenchTools.RunAsync(_folder, program, arguments) is { } output ? JsonNode.Parse(output) : null;
}
