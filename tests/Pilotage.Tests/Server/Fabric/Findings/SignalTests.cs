using Pilotage.Server.Fabric.Findings;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Findings;

/// <summary>What docs/reference/quality.md promises: how often nothing is found where there is nothing, and what is where there is something.</summary>
public sealed class SignalTests
{
    private const int Seeds = 20;
    private const int Points = 6_000;
    private const int FaultFrom = 2_000;
    private const int FaultWithin = 2_000;

    // Findings in a million points of a clean signal, of all kinds together; heavy tails have outliers of their own.
    private const double FalseMax = 10;
    private const double FalseOfStepsMax = 40;
    private const double FalseOfHeavyTailsMax = 200;

    public static TheoryData<string> Clean() => [.. Signals.Kinds];

    [Theory]
    [MemberData(nameof(Clean))]
    public void Nothing_is_found_in_a_clean_signal(string kind)
    {
        var found = new List<string>();
        for (var seed = 0; seed < Seeds; seed++)
        {
            found.AddRange(Found(Signals.Of(kind, 5 * Points, new Random(seed))).Select(finding => $"{finding} (seed {seed})"));
        }

        var max = kind switch
        {
            "heavy-tailed" => FalseOfHeavyTailsMax,
            "duty-cycle" => FalseOfStepsMax,
            _ => FalseMax,
        };
        var perMillion = found.Count * 1e6 / (Seeds * 5 * Points);
        Assert.True(perMillion <= max, $"{kind}: {perMillion} in a million points: {string.Join(", ", found.Take(10))}");
    }

    // The least part of faults that is found. Left out are those that cannot be told from the signal itself: see docs/reference/quality.md.
    [Theory]
    [InlineData("stuck", "noisy", 100)]
    [InlineData("stuck", "periodic", 100)]
    [InlineData("stuck", "duty-cycle", 100)]
    [InlineData("stuck", "wandering", 100)]
    [InlineData("stuck", "heavy-tailed", 100)]
    [InlineData("stuck", "by-exception", 100)]
    [InlineData("flatline", "noisy", 100)]
    [InlineData("flatline", "periodic", 100)]
    [InlineData("flatline", "wandering", 100)]
    [InlineData("flatline", "heavy-tailed", 95)]
    [InlineData("flatline", "duty-cycle", 85)]
    [InlineData("spike", "noisy", 100)]
    [InlineData("spike", "periodic", 100)]
    [InlineData("spike", "smooth", 100)]
    [InlineData("spike", "quantised", 100)]
    [InlineData("spike", "wandering", 95)]
    [InlineData("spike", "duty-cycle", 80)]
    [InlineData("spike", "heavy-tailed", 60)]
    [InlineData("gap", "noisy", 100)]
    [InlineData("gap", "counter", 100)]
    [InlineData("gap", "constant", 100)]
    [InlineData("gap", "on-off", 100)]
    [InlineData("gap", "by-exception", 75)]
    [InlineData("slower", "noisy", 100)]
    [InlineData("slower", "constant", 100)]
    [InlineData("faster", "noisy", 100)]
    [InlineData("faster", "on-off", 100)]
    [InlineData("fahrenheit", "noisy", 100)]
    [InlineData("fahrenheit", "periodic", 90)]
    [InlineData("fahrenheit", "smooth", 100)]
    [InlineData("fahrenheit", "quantised", 100)]
    [InlineData("fahrenheit", "heavy-tailed", 85)]
    [InlineData("psi", "noisy", 100)]
    [InlineData("psi", "quantised", 100)]
    [InlineData("psi", "smooth", 90)]
    [InlineData("psi", "heavy-tailed", 75)]
    [InlineData("km/h", "noisy", 100)]
    [InlineData("km/h", "wandering", 90)]
    [InlineData("km/h", "periodic", 60)]
    [InlineData("kelvin", "noisy", 100)]
    [InlineData("kelvin", "periodic", 90)]
    [InlineData("kelvin", "quantised", 100)]
    [InlineData("clock-behind", "noisy", 100)]
    [InlineData("clock-behind", "constant", 100)]
    [InlineData("clock-ahead", "noisy", 100)]
    [InlineData("clock-ahead", "by-exception", 100)]
    [InlineData("clock-drift", "noisy", 100)]
    [InlineData("clock-drift", "on-off", 100)]
    public void A_fault_in_a_signal_is_found(string fault, string kind, int percent)
    {
        var (found, missed) = (0, new List<string>());
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Random(1_000 + seed);
            var clean = Signals.Of(kind, Points, random);
            var from = FaultFrom + random.Next(FaultWithin);
            var findings = Found(Faults.Into(clean, fault, from, random));
            if (findings.Contains(KindOf(fault)))
            {
                found++;
            }
            else
            {
                missed.Add($"seed {1_000 + seed} from {from}: {string.Join(' ', findings)}");
            }
        }

        Assert.True(found * 100 >= percent * Seeds, $"{fault} in {kind}: {found} of {Seeds}; missed {string.Join(", ", missed)}");
    }

    // Sensor values twice, one after the other, late, and shuffled in small heaps, as gateways that catch up send them.
    [Theory]
    [MemberData(nameof(Clean))]
    public void Late_and_repeated_points_raise_no_alarm(string kind)
    {
        var random = new Random(7);
        var arriving = new List<Measured>();
        foreach (var heap in Signals.Of(kind, 5 * Points, random).Chunk(8))
        {
            if (random.Next(10) == 0)
            {
                random.Shuffle(heap);
            }

            arriving.AddRange(heap);
            arriving.AddRange(random.Next(10) == 0 ? heap : []);
        }

        var (tracks, slot) = Watch(arriving, _ => { });
        var told = tracks.FindingsOf(slot).ToArray().Sum(finding => finding.Count);
        Assert.True(told <= (kind is "heavy-tailed" ? 20 : 2), $"{kind}: {told}");
    }

    private static FindingKind KindOf(string fault) => fault switch
    {
        "stuck" => FindingKind.Stuck,
        "flatline" => FindingKind.Flatline,
        "spike" => FindingKind.Spike,
        "gap" => FindingKind.Gap,
        "slower" or "faster" => FindingKind.RateChange,
        "fahrenheit" or "psi" or "km/h" or "kelvin" => FindingKind.UnitJump,
        _ => FindingKind.ClockSkew,
    };

    private static List<FindingKind> Found(List<Measured> points)
    {
        var found = new List<FindingKind>();
        Watch(points, found.Add);
        return found;
    }

    private static (SeriesTracks Tracks, int Slot) Watch(List<Measured> points, Action<FindingKind> found)
    {
        var tracks = new SeriesTracks { Found = found };
        var slot = tracks.Add(double.NegativeInfinity, double.PositiveInfinity, UnitSteps.Any);
        foreach (var point in points)
        {
            tracks.Take(slot, point.TimeNs, point.ReceivedNs, point.Value, point.ReceivedNs);
        }

        return (tracks, slot);
    }
}
