using Pilotage.Core.Contracts.Releases;

namespace Pilotage.Simulation.Rollouts;

/// <summary>One edge with one device: honest and well, honest with a version that breaks it, or a liar that keeps the old one.</summary>
internal sealed class VirtualEdge(string device, string edge, bool bad, bool liar, bool online)
{
    private string? _challenge;
    private int _startAt;
    private bool _withdrawn;
    private bool _said;

    public string Device => device;

    public bool Bad => bad;

    public bool Liar => liar;

    public bool Online => online;

    public bool Offered { get; private set; }

    public bool Active => Offered && !(_withdrawn && _said);

    public long ReportNumber { get; private set; }

    public void Offer(string challenge, int startAt)
    {
        (Offered, _challenge, _startAt) = (true, challenge, startAt);
    }

    public void Withdraw() => _withdrawn = true;

    public IEnumerable<AttestedState> Live(int minute)
    {
        if (minute < _startAt || minute % 2 != 0)
        {
            yield break;
        }

        if (_withdrawn)
        {
            _said = true;
            yield return Report(AttestedPhase.Reverted, minute);
        }
        else if (minute < _startAt + 3)
        {
            yield return Report(AttestedPhase.Staged, minute);
        }
        else if (bad && minute > _startAt + 8)
        {
            // Half of the broken ones fall silent, the other half go back by their own watchdog.
            if (device.Length % 2 == 0)
            {
                yield return Report(AttestedPhase.Reverted, minute);
            }
        }
        else
        {
            yield return Report(AttestedPhase.Running, minute);
        }
    }

    private AttestedState Report(string state, int minute) => new()
    {
        Edge = edge,
        BootId = "b",
        Report = ++ReportNumber,
        Hardware = "linux-x64",
        Worker = state == AttestedPhase.Running ? new AttestedWorker { Pid = 1, StartedNs = _startAt } : null,
        Release = "rel_new",
        ManifestDigest = liar && ReportNumber % 3 == 0 ? "sha256:old" : "sha256:new",
        Challenge = _challenge!,
        Devices = [new AttestedDevice { Device = device, FirstInferenceNs = minute, Inferences = minute }],
        Golden = new AttestedGolden { Rows = 32, MaxError = 0, Pass = true },
        P99Ms = 3,
        Inferences = minute,
        AtNs = minute,
        DesiredVersion = 1,
        State = state,
    };
}
