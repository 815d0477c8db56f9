using System.IO.Compression;
using System.Text;
using Pilotage.Cli.Demo.Fleet;
using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli.Demo;

public sealed class FleetTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-fleet-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Units_are_split_by_number_and_rows_keep_their_order()
    {
        Write("train_FD001.txt", Units(5));

        var fleet = new CmapssFolder(_folder, "FD001").Load();

        Assert.Equal(["engine-001", "engine-002", "engine-003", "engine-004"], fleet.Fit.Select(unit => unit.Device));
        Assert.Equal(["engine-005"], fleet.Evaluation.Select(unit => unit.Device));
        Assert.Equal(24, fleet.Properties.Count);
        Assert.All(fleet.Fit[2].Rows, row => Assert.Equal(24, row.Length));
        Assert.Equal(2.0, fleet.Fit[0].Rows[1][0]);
        Assert.Empty(fleet.Test);
    }

    [Fact]
    public void A_gzip_file_reads_like_a_plain_one_and_test_units_know_their_remaining_life()
    {
        Write("train_FD001.txt", Units(5));
        File.WriteAllBytes(Path.Combine(_folder, "test_FD001.txt.gz"), Gzip(Units(2)));
        Write("RUL_FD001.txt", "112 \n98 \n");

        var fleet = new CmapssFolder(_folder, "FD001").Load();

        Assert.Equal([112, 98], fleet.Test.Select(unit => unit.RemainingCycles));
        Assert.False(fleet.Test[0].FailsAtEnd);
    }

    [Theory]
    [InlineData("1 1 0.5", "train_FD001.txt:3: 3 fields", "26 numbers")]
    [InlineData("2 1 x", "train_FD001.txt:3: column 3 (setting1) holds 'x'", "finite number")]
    [InlineData("1 4 0", "train_FD001.txt:3: cycle 4 of unit 1", "expected cycle 3")]
    [InlineData("3 1 0", "train_FD001.txt:3: unit 3 follows unit 1", "without a gap")]
    public void A_malformed_line_is_named_with_what_was_expected(string start, string what, string expected)
    {
        var fields = start.Split(' ').Length;
        var line = fields == 3 && start.EndsWith(".5", StringComparison.Ordinal) ? start : start + string.Concat(Enumerable.Repeat(" 0", 26 - fields));
        Write("train_FD001.txt", Row(1, 1) + Row(1, 2) + line + "\n");

        var failure = Assert.Throws<CliFailure>(() => new CmapssFolder(_folder, "FD001").Load());

        Assert.Equal(what, failure.Message);
        Assert.Contains(expected, failure.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8, "the file is cut off")]
    [InlineData(4, "the file is cut off")]
    [InlineData(1, "the file is cut off")]
    [InlineData(20, "the file is cut off")]
    [InlineData(-12, "the file is cut off")]
    public void A_gzip_file_that_ends_too_early_is_said_to_be_cut_off(int bytes, string what)
    {
        var packed = Gzip(Units(5));
        File.WriteAllBytes(Path.Combine(_folder, "train_FD001.txt.gz"), bytes > 0 ? packed[..^bytes] : packed[..-bytes]);

        var failure = Assert.Throws<CliFailure>(() => new CmapssFolder(_folder, "FD001").Load());

        Assert.Equal($"train_FD001.txt.gz: {what}", failure.Message);
        Assert.Contains("RFC 1952", failure.Why, StringComparison.Ordinal);
        Assert.Contains("gzip -t", failure.Try, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_called_what_it_is()
    {
        File.WriteAllBytes(Path.Combine(_folder, "train_FD001.txt"), Gzip(Units(5)));
        var packed = Assert.Throws<CliFailure>(() => new CmapssFolder(_folder, "FD001").Load());
        Assert.Equal("train_FD001.txt: the file is gzip and must end in .gz", packed.Message);
        Assert.StartsWith("mv ", packed.Try, StringComparison.Ordinal);

        Write("train_FD003.txt.gz", Units(5));
        var plain = Assert.Throws<CliFailure>(() => new CmapssFolder(_folder, "FD003").Load());
        Assert.Equal("train_FD003.txt.gz: the file is not gzip", plain.Message);
    }

    [Fact]
    public void One_unit_is_not_enough_and_is_one_unit()
    {
        Write("train_FD001.txt", Units(1));

        var failure = Assert.Throws<CliFailure>(() => new CmapssFolder(_folder, "FD001").Load());

        Assert.Equal("train_FD001 holds 1 unit", failure.Message);
        Assert.NotNull(failure.Try);
    }

    [Fact]
    public void A_missing_set_names_those_that_are_there()
    {
        Write("train_FD003.txt", Units(5));

        var failure = Assert.Throws<CliFailure>(() => new CmapssFolder(_folder, "FD001").Load());

        Assert.Contains("train_FD001.txt", failure.Message, StringComparison.Ordinal);
        Assert.Contains("train_FD003.txt", failure.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_remaining_lives_that_does_not_fit_is_refused()
    {
        Write("train_FD001.txt", Units(5));
        Write("test_FD001.txt", Units(2));
        Write("RUL_FD001.txt", "112\n");

        var failure = Assert.Throws<CliFailure>(() => new CmapssFolder(_folder, "FD001").Load());

        Assert.Contains("expected 2", failure.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void The_plant_is_the_same_for_the_same_seed_and_no_pump_is_on_both_sides()
    {
        var first = new PumpPlant(7).Load();
        var second = new PumpPlant(7).Load();
        var other = new PumpPlant(8).Load();

        Assert.Equal(first.Fit[3].Rows[10], second.Fit[3].Rows[10]);
        Assert.NotEqual(first.Fit[3].Rows[10], other.Fit[3].Rows[10]);
        Assert.Equal(PumpPlant.Pumps * PumpPlant.RunsPerPump, first.Fit.Count + first.Evaluation.Count);
        Assert.Empty(first.Fit.Select(Pump).Intersect(first.Evaluation.Select(Pump)));

        static string Pump(FleetUnit unit) => unit.Device[..7];
    }

    [Fact]
    public void Every_pump_shows_its_wear_before_it_fails_and_none_from_the_start()
    {
        var vibration = PumpPlant.Properties.ToList().IndexOf("vibration");

        var fleet = new PumpPlant(7).Load();

        Assert.All(fleet.Fit.Concat(fleet.Evaluation), unit =>
        {
            Assert.InRange(unit.Cycles, 60, 1000);
            var young = unit.Rows.Take(20).Average(row => row[vibration]);
            var old = unit.Rows.TakeLast(10).Average(row => row[vibration]);
            Assert.True(old > young * 1.8, $"{unit.Device}: {young:0.00} to {old:0.00} mm/s");
        });
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            zip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    private static string Units(int count) => string.Concat(Enumerable.Range(1, count).Select(unit => Row(unit, 1) + Row(unit, 2)));

    private static string Row(int unit, int cycle) => $"{unit} {cycle} {cycle}.0" + string.Concat(Enumerable.Repeat(" 1.5", 23)) + "  \n";
}
