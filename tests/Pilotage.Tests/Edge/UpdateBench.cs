using System.Text.Json;
using Pilotage.Core;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Edge;
using Pilotage.Edge.Updates;
using Pilotage.Edge.Workers;
using Pilotage.Tests.Core.Contracts;
using Pilotage.Trust;

namespace Pilotage.Tests.Edge;

/// <summary>An edge without processes, disk or link: what the update machine asks for is done at once, unless a test says otherwise.</summary>
internal sealed class UpdateBench
{
    private static readonly SigningKey Key = SigningKey.Create();
    private readonly Dictionary<string, VerifiedRelease> _known = [];
    private readonly HashSet<string> _staged = [];
    private long _version;

    public UpdateBench() => Machine = New(new EdgeState());

    public static EdgeOptions Options { get; } = new()
    {
        DataPath = "unused",
        Server = new Uri("http://localhost"),
        Mqtts = new System.Net.DnsEndPoint("localhost", 1),
    };

    public UpdateMachine Machine { get; private set; }

    /// <summary>Worker processes alive, by instance.</summary>
    public Dictionary<int, UpdateAction.Start> Workers { get; } = [];

    public List<UpdateAction> Log { get; } = [];

    /// <summary>What is on disk: all that a power cut leaves.</summary>
    public EdgeState Disk { get; private set; } = new();

    public long NowMs { get; private set; }

    public bool StagesByItself { get; set; } = true;

    public IEnumerable<string> RunningReleases => Workers.Values.Select(worker => worker.Release.Id.Value);

    /// <summary>A release of this sequence; equal sequences give equal releases.</summary>
    public string Release(long sequence)
    {
        var envelope = ReleaseVerifier.Sign(SampleRelease.Manifest(sequence), Key);
        var verified = ReleaseVerifier.Verify(envelope, new ReleaseTrust([Key.Public], 1, new TenantId("acme")), "linux-x64", 0).Value;
        if (_known.Values.FirstOrDefault(known => known.Manifest.Sequence == sequence) is { } same)
        {
            return same.Id.Value;
        }

        _known.Add(verified.Id.Value, verified);
        return verified.Id.Value;
    }

    public void Desire(params (string Release, string Challenge, bool Promoted, string Role, string[] Devices)[] wanted)
    {
        var state = new DesiredState
        {
            Version = ++_version,
            Edge = "e1",
            Releases = [.. wanted.Select(item => new DesiredRelease { Id = item.Release, Challenge = item.Challenge, Promoted = item.Promoted, Envelope = JsonDocument.Parse("{}").RootElement })],
            Devices = [.. wanted.SelectMany(item => item.Devices.Select(id => new DesiredDevice { Device = id, Path = "acme/s/" + id, Release = item.Release, Role = item.Role }))],
        };
        Give(new UpdateInput.Desired(state));
    }

    public void Give(UpdateInput input)
    {
        foreach (var action in Machine.Apply(input, NowMs))
        {
            Log.Add(action);
            Do(action);
        }
    }

    public void Pass(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            NowMs += 1000;
            Give(new UpdateInput.Tick());
        }
    }

    public int InstanceOf(string release) => Workers.Single(worker => worker.Value.Release.Id.Value == release).Key;

    public void Prove(string release, bool pass = true) => Give(new UpdateInput.Said(InstanceOf(release), new WorkerReport
    {
        Says = WorkerSays.Proved,
        Golden = new AttestedGolden { Rows = 8, MaxError = pass ? 0 : 9, Pass = pass },
        ManifestDigest = _known[release].ManifestDigest.ToString(),
    }));

    public void Beat(string release) => Give(new UpdateInput.Said(InstanceOf(release), new WorkerReport { Says = WorkerSays.Beat, Inferences = 1 }));

    public void Healthy(string release)
    {
        Prove(release);
        Beat(release);
    }

    public void Crash(string release)
    {
        var instance = InstanceOf(release);
        Workers.Remove(instance);
        Give(new UpdateInput.Ended(instance, "segmentation fault"));
    }

    public void Staged(string release, Refusal? refusal = null, bool tryAgain = false)
    {
        if (refusal is null)
        {
            _staged.Add(release);
        }

        Give(new UpdateInput.Staged(release, refusal is null ? _known[release] : refusal, tryAgain));
    }

    /// <summary>Everything in memory is gone, every process is dead; the disk is what it was.</summary>
    public void CutPower()
    {
        Workers.Clear();
        Machine = New(JsonSerializer.Deserialize<EdgeState>(JsonSerializer.Serialize(Disk))!);
        Give(new UpdateInput.Tick());
    }

    public string PhaseOf(string release) => Machine.Reportable.Single(slot => slot.Release == release).Phase;

    private UpdateMachine New(EdgeState state) => new(Options, state, id => _staged.Contains(id) ? _known[id] : null);

    private void Do(UpdateAction action)
    {
        switch (action)
        {
            case UpdateAction.Save save:
                Disk = save.State;
                break;
            case UpdateAction.Stage stage when StagesByItself:
                Staged(stage.Release.Id);
                break;
            case UpdateAction.Start start:
                Workers.Add(start.Instance, start);
                break;
            case UpdateAction.Stop stop when Workers.Remove(stop.Instance):
                Give(new UpdateInput.Ended(stop.Instance, ""));
                break;
            case UpdateAction.Kill kill when Workers.Remove(kill.Instance):
                Give(new UpdateInput.Ended(kill.Instance, ""));
                break;
            default:
                break;
        }
    }
}
