using System.Globalization;
using System.Text.Json;
using Pilotage.Server.Rollouts;

namespace Pilotage.Simulation.Rollouts;

/// <summary>
/// Virtual edges of one device each, a network that delays, repeats and reorders, a controller that dies, and a checker that
/// sees only what crossed the wire. One thread, one seed, minutes of virtual time.
/// </summary>
internal sealed class VirtualFleet
{
    private readonly Random _random;
    private readonly RolloutPlan _plan;
    private readonly Dictionary<string, VirtualEdge> _edges = [];
    private readonly PriorityQueue<RolloutInput, (int Minute, int Order)> _wire = new();
    private readonly HashSet<string> _offered = [];
    private readonly List<VirtualEdge> _active = [];
    private RolloutMachine _machine;
    private int _minute, _order;
    private bool _halted;

    public VirtualFleet(int seed, int devices, double badShare, double liarShare = 0)
    {
        _random = new Random(seed);
        var targets = Enumerable.Range(0, devices).Select(i => new RolloutTarget(
            "d" + i.ToString(CultureInfo.InvariantCulture), "e" + i.ToString(CultureInfo.InvariantCulture), i % 3 == 0 ? "arm" : "x64", _random.NextDouble() >= 0.3)).ToList();
        _plan = new RolloutPlan
        {
            Rollout = "r",
            Tenant = "t",
            UseCase = "u",
            Release = "rel_new",
            ManifestDigest = "sha256:new",
            Waves = WavePlanner.Plan(targets, [.. new[] { "10", "100", "5%", "20%", "rest" }.Select(size => WaveSize.Parse(size).Value)], _random).Value,
            Options = new RolloutOptions { P99MsMax = 20 },
        };
        _machine = new RolloutMachine(_plan, null, Challenge);
        foreach (var target in targets)
        {
            var edge = new VirtualEdge(target.Device, target.Edge, _random.NextDouble() < badShare, _random.NextDouble() < liarShare, target.Online);
            _edges.Add(target.Edge, edge);
            if (edge.Online)
            {
                Send(new RolloutInput.Presence(target.Edge, Online: true));
            }
        }
    }

    public RolloutState State => _machine.State;

    public List<string> Violations { get; } = [];

    public int Broken => _edges.Values.Count(edge => edge is { Bad: true, Offered: true });

    public int LiarsConfirmed => _edges.Values.Count(edge => edge.Liar && State.Devices[edge.Device].Phase == DevicePhase.Confirmed);

    public double ConfirmedShareOfOnline =>
        (double)_edges.Values.Count(edge => edge.Online && State.Devices[edge.Device].Phase == DevicePhase.Confirmed) / _edges.Values.Count(edge => edge.Online);

    /// <summary>After a halt and enough time every device is on the old version, never started, or listed by name.</summary>
    public IEnumerable<string> Unaccounted => State.Devices
        .Where(item => item.Value.Phase is not (DevicePhase.NotStarted or DevicePhase.RolledBack or DevicePhase.Lost or DevicePhase.Removed))
        .Select(item => $"{item.Key} {item.Value.Phase}");

    public void Run(int days)
    {
        var quietSince = -1;
        for (_minute = 1; _minute < days * 1440; _minute++)
        {
            if (_random.Next(400) == 0)
            {
                var kept = JsonSerializer.Deserialize<RolloutState>(JsonSerializer.Serialize(State));
                _machine = new RolloutMachine(_plan, kept, Challenge);
            }

            foreach (var edge in _active)
            {
                foreach (var report in edge.Live(_minute))
                {
                    Send(new RolloutInput.Evidence(report, AnswersHold: !edge.Liar || edge.ReportNumber % 2 == 0));
                }
            }

            _active.RemoveAll(edge => !edge.Active);
            Give(new RolloutInput.Tick());
            while (_wire.TryPeek(out var input, out var due) && due.Minute <= _minute)
            {
                _wire.Dequeue();
                Give(input);
            }

            // Liveness is judged after the end; nothing new happens three hours after a final status.
            quietSince = State.Status is RolloutStatus.Completed or RolloutStatus.Halted ? (quietSince < 0 ? _minute : quietSince) : -1;
            if (quietSince >= 0 && _minute > quietSince + 180)
            {
                break;
            }
        }
    }

    private string Challenge() => "c" + _random.Next().ToString(CultureInfo.InvariantCulture);

    private void Send(RolloutInput input)
    {
        for (var copies = _random.Next(20) == 0 ? 2 : 1; copies > 0; copies--)
        {
            _wire.Enqueue(input, (_minute + _random.Next(4), _order++));
        }
    }

    private void Give(RolloutInput input)
    {
        foreach (var output in _machine.Apply(input, TimeSpan.FromMinutes(_minute)))
        {
            switch (output)
            {
                case RolloutOutput.Status { To: RolloutStatus.Halted }:
                    _halted = true;
                    break;
                case RolloutOutput.Offer offer:
                    Check(!_halted, "an offer after the halt");
                    Check(_offered.Add(offer.Device), $"{offer.Device} was offered twice");
                    _active.Add(_edges[offer.Edge]);
                    _edges[offer.Edge].Offer(offer.Challenge, _minute + _random.Next(10));
                    break;
                case RolloutOutput.Withdraw withdraw:
                    _edges[withdraw.Edge].Withdraw();
                    break;
                default:
                    break;
            }
        }

        Check(_machine.InFlight <= _machine.InFlightMax, $"{_machine.InFlight} in flight, {_machine.InFlightMax} allowed");
        Check(_machine.InFlight <= Math.Max(10, State.Devices.Count / 10), "in flight beyond any cap");
    }

    private void Check(bool holds, string what)
    {
        if (!holds)
        {
            Violations.Add($"minute {_minute}: {what}");
        }
    }
}
