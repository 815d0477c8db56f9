using Pilotage.Runtime.Inference;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Runtime.Inference;

/// <summary>Energy out of a folder as Linux has it.</summary>
public sealed class RaplCounterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-powercap-").FullName;

    [Fact]
    public void Joules_are_those_of_the_packages_and_not_of_their_parts()
    {
        Zone("intel-rapl:0", "package-0", 1_000_000);
        Zone("intel-rapl:1", "package-1", 0);
        Zone("intel-rapl:0:0", "core", 0);
        Zone("intel-rapl:2", "psys", 0);
        var counter = RaplCounter.Open(_folder)!;

        Zone("intel-rapl:0", "package-0", 3_500_000);
        Zone("intel-rapl:1", "package-1", 500_000);
        Zone("intel-rapl:0:0", "core", 9_000_000);
        Zone("intel-rapl:2", "psys", 9_000_000);

        Assert.Equal(3.0, counter.Read()!.Value, 9);
        Assert.Equal(3.0, counter.Read()!.Value, 9);
    }

    [Fact]
    public void A_counter_that_begins_again_is_followed()
    {
        Zone("intel-rapl:0", "package-0", 9_000_000);
        var counter = RaplCounter.Open(_folder)!;

        Zone("intel-rapl:0", "package-0", 1_000_000);
        Assert.Equal(2.0, counter.Read()!.Value, 9);
        Zone("intel-rapl:0", "package-0", 4_000_000);
        Assert.Equal(5.0, counter.Read()!.Value, 9);
    }

    [Fact]
    public void Without_a_counter_there_is_none()
    {
        Assert.Null(RaplCounter.Open(Path.Combine(_folder, "nowhere")));
        Assert.Null(RaplCounter.Open(_folder));
        Zone("intel-rapl:0", "package-0", 0);
        File.WriteAllText(Path.Combine(_folder, "intel-rapl:0", "energy_uj"), "soon");
        Assert.Null(RaplCounter.Open(_folder));
    }

    [Fact]
    public void Energy_of_a_row_is_by_counter_where_there_is_one_with_what_its_steps_allow()
    {
        Zone("intel-rapl:0", "package-0", 0);
        var time = new ManualTime();
        var meter = new InferenceMeter("m", "h", TimeSpan.FromSeconds(1), time, RaplCounter.Open(_folder), new EnergyCalibration(10, 0.3));
        Assert.Null(meter.Read().Energy);
        meter.Record(TimeSpan.Zero, TimeSpan.FromMilliseconds(1), isAnswered: true);
        meter.Record(TimeSpan.Zero, TimeSpan.FromMilliseconds(1), isAnswered: true);
        time.Advance(TimeSpan.FromSeconds(2));
        Zone("intel-rapl:0", "package-0", 8_000_000);

        Assert.Equal(new EnergyFigure(4, "rapl", 0.001), meter.Read().Energy);

        // The counter goes: what was calibrated stands in.
        File.Delete(Path.Combine(_folder, "intel-rapl:0", "energy_uj"));
        Assert.Equal("calibrated", meter.Read().Energy!.Method);
        var bare = new InferenceMeter("m", "h", TimeSpan.FromSeconds(1), time);
        bare.Record(TimeSpan.Zero, TimeSpan.Zero, isAnswered: true);
        Assert.Null(bare.Read().Energy);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Zone(string zone, string name, long microjoules)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, zone)).FullName;
        File.WriteAllText(Path.Combine(folder, "name"), name + "\n");
        File.WriteAllText(Path.Combine(folder, "max_energy_range_uj"), "10000000\n");
        File.WriteAllText(Path.Combine(folder, "energy_uj"), $"{microjoules}\n");
    }
}
