using System.Text.Json;
using Pilotage.Core.Contracts.Releases;
using Xunit;

namespace Pilotage.Tests.Core.Contracts;

public sealed class StateContractTests
{
    [Fact]
    public void Desired_state_round_trips_with_its_envelopes()
    {
        using var envelope = JsonDocument.Parse("""{"payload":"e30=","payloadType":"t","signatures":[]}""");
        var state = new DesiredState
        {
            Version = 12,
            Edge = "edge-1",
            Releases = [new DesiredRelease { Id = "rel_1", Envelope = envelope.RootElement, Challenge = "c1", Promoted = true }],
            Devices = [new DesiredDevice { Device = "engine-081", Path = "acme/testbed/engine-081", Release = "rel_1", Role = DeviceRole.Challenger, Rollout = "r1", Wave = 0 }],
        };

        var back = DesiredState.Parse(state.ToJson());

        Assert.True(back.IsOk);
        Assert.Equal(state.ToJson(), back.Value.ToJson());
        Assert.Equal("e30=", back.Value.Releases[0].Envelope.GetProperty("payload").GetString());
    }

    [Fact]
    public void Attested_state_round_trips()
    {
        var state = new AttestedState
        {
            Edge = "edge-1",
            BootId = "b",
            Report = 4,
            Hardware = "linux-x64",
            Worker = new AttestedWorker { Pid = 5, StartedNs = 6 },
            Release = "rel_1",
            ManifestDigest = "sha256:x",
            Challenge = "c1",
            Devices = [new AttestedDevice { Device = "engine-081", FirstInferenceNs = 9, Inferences = 3, Alerts = 1 }],
            Golden = new AttestedGolden { Rows = 32, MaxError = 1e-6, Pass = true, Answers = new Dictionary<string, IReadOnlyList<float?>> { ["rul"] = [1.5f] } },
            P50Ms = 0.2,
            P99Ms = 1.5,
            Inferences = 3,
            AtNs = 10,
            DesiredVersion = 12,
            State = AttestedPhase.Running,
        };

        var back = AttestedState.Parse(state.ToJson());

        Assert.True(back.IsOk);
        Assert.Equal(state.ToJson(), back.Value.ToJson());
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"version\":1}")]
    [InlineData("{\"version\":1e99,\"edge\":\"e\",\"releases\":[],\"devices\":[]}")]
    [InlineData("{\"version\":1,\"edge\":null,\"releases\":[],\"devices\":[]}")]
    public void Desired_state_refuses_what_is_not_one(string json) =>
        Assert.False(DesiredState.Parse(System.Text.Encoding.UTF8.GetBytes(json)).IsOk);

    [Fact]
    public void Deep_nesting_is_refused_and_not_descended()
    {
        var deep = System.Text.Encoding.UTF8.GetBytes("{\"version\":1,\"edge\":\"e\",\"devices\":[],\"releases\":[{\"id\":\"r\",\"challenge\":\"c\",\"envelope\":"
            + new string('[', 10_000) + new string(']', 10_000) + "}]}");

        Assert.Equal("desired.malformed", DesiredState.Parse(deep).Refusal.Code);
    }
}
