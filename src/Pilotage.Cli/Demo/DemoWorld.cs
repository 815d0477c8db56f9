using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Pilotage.Cli.Demo.Devices;
using Pilotage.Cli.Demo.Fleet;
using Pilotage.Cli.Demo.Processes;

namespace Pilotage.Cli.Demo;

/// <summary>Everything a walk has built up so far; each step reads what the ones before it left here.</summary>
internal sealed class DemoWorld(
    DemoOptions options, DemoHome home, DemoPorts ports, DemoFleet fleet, StepPrinter print, TimeProvider time, Random random) : IAsyncDisposable
{
    public const string Tenant = "acme";

    private readonly List<Incident> _incidents = [];

    public DemoOptions Options { get; } = options;

    public DemoHome Home { get; } = home;

    public DemoFleet Fleet { get; } = fleet;

    public StepPrinter Print { get; } = print;

    public TimeProvider Time { get; } = time;

    public Random Random { get; } = random;

    public DemoReport Report { get; } = new();

    public MessageCount Messages { get; } = new();

    public DemoPorts Ports { get; } = ports;

    /// <summary>Set by the first step; everything after goes through it.</summary>
    public DemoApi Api { get; set; } = null!;

    public List<SupervisedChild> Children { get; } = [];

    public List<ReplayedDevice> Connected { get; } = [];

    /// <summary>Every machine that ever sent something.</summary>
    public ConcurrentBag<ToldDevice> Told { get; } = [];

    /// <summary>Permanent ids of edge 1 and 2.</summary>
    public List<string> EdgeIds { get; } = [];

    /// <summary>The place all devices of the demonstration lie in.</summary>
    public string Site => Fleet.Thing == "pump" ? $"{Tenant}/plant" : $"{Tenant}/testbed";

    public string UseCase { get; set; } = "";

    public string Package { get; set; } = "";

    public string Dataset { get; set; } = "";

    public string Run { get; set; } = "";

    /// <summary>The model whose score alarms.</summary>
    public string Model { get; set; } = "";

    /// <summary>The release that does the work once its rollout is confirmed.</summary>
    public string Release { get; set; } = "";

    /// <summary>Cycles of the evaluation machines that had passed when the release was at work on all of them.</summary>
    public long CyclesInRollout { get; set; }

    /// <summary>The alert whose thread is followed at the end.</summary>
    public string Alert { get; set; } = "";

    /// <summary>Machines behind the edges that are yet to connect.</summary>
    public List<WaitingDevice> Waiting { get; } = [];

    public List<ReplayedDevice> Evaluation { get; } = [];

    public List<ReplayedDevice> Living { get; } = [];

    public IReadOnlyList<Incident> Incidents
    {
        get
        {
            lock (_incidents)
            {
                return [.. _incidents];
            }
        }
    }

    /// <summary>Keeps a connected machine until the end.</summary>
    public ReplayedDevice Keep(ReplayedDevice device)
    {
        Connected.Add(device);
        Told.Add(new(device.Credential.Id, device.Unit, () => device.Cycle));
        return device;
    }

    /// <summary>Where devices behind edge 1 or 2 connect.</summary>
    public int EdgePort(int number) => number == 1 ? Ports.Edge1 : Ports.Edge2;

    public void Note(Incident incident)
    {
        lock (_incidents)
        {
            _incidents.Add(incident);
        }

        Print.Detail("incident", incident.Failure is { } failure
            ? $"{incident.Name} could not be started again: {failure}"
            : $"{incident.Name} (process {incident.Pid}) ended unasked with {incident.Exit}; process {incident.NewPid} was ready {incident.SecondsDown:0.0} s later");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var device in Connected)
        {
            await device.DisposeAsync();
        }

        // Edges first: they hand over what they hold before the server drains.
        foreach (var child in Enumerable.Reverse(Children))
        {
            await child.DisposeAsync();
        }

        Api?.Dispose();
    }

    /// <summary>The children that are up, for the report and for whoever wants to kill one.</summary>
    public JsonObject Processes() => new(Children.Select(child => KeyValuePair.Create(child.Name, (JsonNode?)child.Pid)));
}
