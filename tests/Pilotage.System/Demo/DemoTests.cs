using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.System.Demo;

/// <summary>The whole loop as a newcomer runs it, on the built-in plant: real processes, real MQTT over TLS, no network.</summary>
public sealed class DemoTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-demo-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Walks_from_pilot_to_production_loses_nothing_and_stops_both_bad_models()
    {
        var report = Path.Combine(_folder, "report.json");
        await using var demo = ChildProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "pilotage"), ["demo", "--once", "--report", report, "--port", FreePort().ToString()], _folder);
        var lines = await demo.EndAsync().WaitAsync(Patience);

        Assert.True(demo.ExitCode == 0, $"ended with {demo.ExitCode}: {string.Join('\n', lines.TakeLast(20))}\n{demo.Errors}");
        using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(report));
        var root = document.RootElement;
        var messages = root.GetProperty("messages");
        Assert.True(messages.GetProperty("acked").GetInt64() > 0);
        Assert.Equal(messages.GetProperty("acked").GetInt64(), messages.GetProperty("stored").GetInt64());
        Assert.Equal(0, messages.GetProperty("missing").GetInt64() + messages.GetProperty("duplicate").GetInt64() + messages.GetProperty("altered").GetInt64());
        Assert.Equal(0, root.GetProperty("missedInferences").GetInt64());

        var rollouts = root.GetProperty("rollouts").EnumerateArray().ToList();
        Assert.Equal("completed", rollouts[0].GetProperty("outcome").GetString());
        Assert.Equal(["halted", "halted"], rollouts.TakeLast(2).Select(rollout => rollout.GetProperty("outcome").GetString()));

        // The report shows the refusal before the opening: a gate that was never shut proves nothing.
        var decisions = root.GetProperty("gates").EnumerateArray().Select(gate => (gate.GetProperty("stage").GetString(), gate.GetProperty("decision").GetString())).ToList();
        Assert.Contains(("pilot", "refused"), decisions);
        Assert.Equal("simulated", root.GetProperty("value").GetProperty("evidenceClass").GetString());
        Assert.DoesNotContain(" saved", root.GetProperty("value").GetProperty("claim").GetString()!.Replace("would have saved", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
