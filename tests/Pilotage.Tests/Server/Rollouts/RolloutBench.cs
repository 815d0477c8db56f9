using System.Globalization;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Server.Rollouts;

namespace Pilotage.Tests.Server.Rollouts;

/// <summary>A rollout over a few devices, one edge each unless told otherwise, driven by hand on a clock of minutes.</summary>
internal sealed class RolloutBench
{
    public const string New = "rel_new";
    public const string Old = "rel_old";
    private readonly Dictionary<string, long> _reports = [];
    private int _challenges;

    public RolloutBench(int devices, RolloutOptions? options = null, string[]? waves = null, int devicesPerEdge = 1, string? incumbent = Old)
    {
        var targets = Enumerable.Range(0, devices)
            .Select(i => new RolloutTarget(Device(i), "e" + (i / devicesPerEdge).ToString(CultureInfo.InvariantCulture), "s")).ToList();
        var sizes = (waves ?? ["2", "10%", "50%", "rest"]).Select(size => WaveSize.Parse(size).Value).ToList();
        Plan = new RolloutPlan
        {
            Rollout = "r1",
            Tenant = "acme",
            UseCase = "u",
            Release = New,
            ManifestDigest = "sha256:new",
            Incumbent = incumbent,
            Waves = WavePlanner.Plan(targets, sizes, new Random(5)).Value,
            Options = options ?? new RolloutOptions(),
        };
        Machine = new RolloutMachine(Plan, null, () => $"c{++_challenges}");
        foreach (var edge in targets.Select(target => target.Edge).Distinct())
        {
            Apply(new RolloutInput.Presence(edge, Online: true));
        }
    }

    public RolloutPlan Plan { get; }

    public RolloutMachine Machine { get; private set; }

    public int Minute { get; set; }

    public List<RolloutOutput> Said { get; } = [];

    public IEnumerable<RolloutOutput.Offer> Offers => Said.OfType<RolloutOutput.Offer>();

    public RolloutState State => Machine.State;

    public IEnumerable<string> InPhase(DevicePhase phase) => State.Devices.Where(item => item.Value.Phase == phase).Select(item => item.Key);

    public static string Device(int i) => "d" + i.ToString("000", CultureInfo.InvariantCulture);

    public IReadOnlyList<RolloutOutput> Apply(RolloutInput input)
    {
        var said = Machine.Apply(input, TimeSpan.FromMinutes(Minute));
        Said.AddRange(said);
        return said;
    }

    public void Pass(int minutes)
    {
        for (var i = 0; i < minutes; i++)
        {
            Minute++;
            Apply(new RolloutInput.Tick());
        }
    }

    /// <summary>An honest report of the new release about one device.</summary>
    public AttestedState Report(string device, Func<AttestedState, AttestedState>? change = null)
    {
        var edge = State.Devices[device].Edge;
        _reports[edge] = _reports.GetValueOrDefault(edge) + 1;
        var report = new AttestedState
        {
            Edge = edge,
            BootId = "boot1",
            Report = _reports[edge],
            Hardware = "linux-x64",
            Worker = new AttestedWorker { Pid = 10, StartedNs = 1 },
            Release = New,
            ManifestDigest = "sha256:new",
            Challenge = State.Edges[edge].Challenge ?? "none",
            Devices = [new AttestedDevice { Device = device, FirstInferenceNs = 5, Inferences = 50 + Minute }],
            Golden = new AttestedGolden { Rows = 32, MaxError = 1e-6, Pass = true },
            P50Ms = 1,
            P99Ms = 2,
            Inferences = 50,
            AtNs = 0,
            DesiredVersion = 1,
            State = AttestedPhase.Running,
        };
        return change is null ? report : change(report);
    }

    public void Send(string device, Func<AttestedState, AttestedState>? change = null, bool answersHold = true) =>
        Apply(new RolloutInput.Evidence(Report(device, change), answersHold));

    /// <summary>The incumbent's report about one device.</summary>
    public void SendOld(string device, long inferences, long alerts = 0, bool alarmed = false) => Send(device, report => report with
    {
        Release = Old,
        Worker = new AttestedWorker { Pid = 9, StartedNs = 1 },
        Devices = [new AttestedDevice { Device = device, FirstInferenceNs = 1, Inferences = inferences, Alerts = alerts, Alarmed = alarmed }],
    });

    /// <summary>All devices in flight report well every minute for so long.</summary>
    public void RunWell(int minutes)
    {
        for (var i = 0; i < minutes; i++)
        {
            Pass(1);
            foreach (var device in InPhase(DevicePhase.Offered).Concat(InPhase(DevicePhase.Staged)).Concat(InPhase(DevicePhase.Baking)).ToList())
            {
                Send(device);
            }
        }
    }

    /// <summary>The controller dies and another one goes on with what is on disk.</summary>
    public void Restart()
    {
        var json = System.Text.Json.JsonSerializer.Serialize(State);
        Machine = new RolloutMachine(Plan, System.Text.Json.JsonSerializer.Deserialize<RolloutState>(json), () => $"c{++_challenges}");
    }
}
