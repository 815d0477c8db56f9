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

    /// <summary>One run for all that must hold of it: the walk itself, and that losing the server and an edge on the way changes none of it.</summary>
    [Fact]
    public async Task Walks_from_pilot_to_production_though_server_and_edge_are_killed_and_loses_nothing()
    {
        await using var demo = DemoProcess.Start(_folder, "--once", "--report", "report.json");

        // In the middle of a flood of messages, and in the middle of live inference.
        await demo.UntilAsync("of 54 histories", Patience);
        var server = demo.ChildNamed("server");
        ChildProcess.Kill(server);
        await demo.UntilAsync("machines still running", Patience);
        var edge = demo.ChildNamed("edge-1");
        ChildProcess.Kill(edge);
        await demo.EndAsync(Patience);

        Assert.True(demo.ExitCode == 0, $"ended with {demo.ExitCode}: {demo.Story}");
        using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(_folder, "report.json")));
        var root = document.RootElement;
        AssertMessagesAddUp(root.GetProperty("messages"));
        Assert.Equal(0, root.GetProperty("missedInferences").GetInt64());
        var incidents = root.GetProperty("incidents").EnumerateArray().Select(one => (one.GetProperty("process").GetString(), one.GetProperty("pid").GetInt32(), one.GetProperty("startedAgain").GetBoolean()));
        Assert.Equal([("server", server, true), ("edge-1", edge, true)], incidents);

        var rollouts = root.GetProperty("rollouts").EnumerateArray().ToList();
        Assert.Equal("completed", rollouts[0].GetProperty("outcome").GetString());
        Assert.Equal(["halted", "halted"], rollouts.TakeLast(2).Select(rollout => rollout.GetProperty("outcome").GetString()));

        // The report shows the refusal before the opening: a gate that was never shut proves nothing.
        var decisions = root.GetProperty("gates").EnumerateArray().Select(gate => (gate.GetProperty("stage").GetString(), gate.GetProperty("decision").GetString())).ToList();
        Assert.Contains(("pilot", "refused"), decisions);
        Assert.Equal("simulated", root.GetProperty("value").GetProperty("evidenceClass").GetString());
        Assert.DoesNotContain(" saved", root.GetProperty("value").GetProperty("claim").GetString()!.Replace("would have saved", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Empty(demo.Processes());
        Assert.True(demo.PortsAreFree());
    }

    private static void AssertMessagesAddUp(JsonElement messages)
    {
        Assert.True(messages.GetProperty("acked").GetInt64() > 0);
        Assert.Equal(messages.GetProperty("acked").GetInt64(), messages.GetProperty("stored").GetInt64());
        Assert.Equal(0, messages.GetProperty("missing").GetInt64() + messages.GetProperty("duplicate").GetInt64() + messages.GetProperty("altered").GetInt64());
    }
}
