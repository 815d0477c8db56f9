using System.Globalization;
using System.IO.Compression;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo.Fleet;

/// <summary>NASA's C-MAPSS turbofan set: <c>train_FD00x.txt</c>, <c>test_FD00x.txt</c> and <c>RUL_FD00x.txt</c>, plain or gzip.</summary>
/// <remarks>26 columns a row: unit, cycle, three operational settings, sensors 1 to 21. Simulated by NASA.</remarks>
internal sealed class CmapssFolder(string folder, string subset) : IFleetSource
{
    private const int Columns = 26;
    private const string Compare = "compare the file with the published set: README.md, \"What you see in the demo\", says where it is";
    private const string Expected = "expected 26 numbers: unit, cycle, 3 settings, 21 sensors";

    /// <summary>Lower case, because the names become parts of topics and columns of pipelines.</summary>
    public static readonly IReadOnlyList<string> Properties =
    [
        "setting1", "setting2", "setting3", "t2", "t24", "t30", "t50", "p2", "p15", "p30", "nf", "nc", "epr", "ps30", "phi", "nrf", "nrc",
        "bpr", "farb", "htbleed", "nf_dmd", "pcnfr_dmd", "w31", "w32",
    ];

    public DemoFleet Load()
    {
        if (!Directory.Exists(folder))
        {
            throw new CliFailure(ExitCode.Usage, $"the data folder {folder} does not exist", null, "--data with a folder that holds train_FD001.txt or train_FD001.txt.gz, or no --data for the built-in plant");
        }

        var training = ReadUnits(Require($"train_{subset}.txt"), "engine", failsAtEnd: true);
        var fit = (int)Math.Round(training.Count * DemoFleet.FitShare, MidpointRounding.AwayFromZero);
        if (fit == 0 || fit == training.Count)
        {
            throw new CliFailure(ExitCode.Failed, $"train_{subset} holds {training.Count} unit{(training.Count == 1 ? "" : "s")}", "at least 2 are needed: 80 % to fit on, the rest to evaluate", Compare);
        }

        return new(
            subset,
            "engine",
            $"NASA C-MAPSS {subset}, turbofan engines simulated by NASA",
            Properties,
            [.. training.Take(fit)],
            [.. training.Skip(fit)],
            ReadTest());
    }

    private List<FleetUnit> ReadTest()
    {
        if (Find($"test_{subset}.txt") is not { } file)
        {
            return [];
        }

        var units = ReadUnits(file, "test-engine", failsAtEnd: false);
        if (Find($"RUL_{subset}.txt") is not { } rulFile)
        {
            return units;
        }

        var remaining = Lines(rulFile).Select((line, at) => int.TryParse(line.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Malformed(rulFile, at + 1, $"'{line.Trim()}' is not a number of cycles", "expected one whole number a line")).ToList();
        return remaining.Count == units.Count
            ? [.. units.Select((unit, at) => unit with { RemainingCycles = remaining[at] })]
            : throw Malformed(rulFile, remaining.Count, $"{remaining.Count} lines", $"expected {units.Count}, one for each unit of {Path.GetFileName(file)}");
    }

    private static List<FleetUnit> ReadUnits(string file, string prefix, bool failsAtEnd)
    {
        var units = new List<FleetUnit>();
        var rows = new List<double[]>();
        var number = 0;
        var at = 0;
        foreach (var line in Lines(file))
        {
            at++;
            var (unit, cycle, values) = ReadRow(file, at, line);
            if (unit != number)
            {
                Close();
                if (unit != number + 1)
                {
                    throw Malformed(file, at, $"unit {unit} follows unit {number}", "expected units numbered from 1 without a gap");
                }

                number = unit;
            }

            if (cycle != rows.Count + 1)
            {
                throw Malformed(file, at, $"cycle {cycle} of unit {unit}", $"expected cycle {rows.Count + 1}");
            }

            rows.Add(values);
        }

        Close();
        return units.Count > 0 ? units : throw Malformed(file, 1, "the file is empty", Expected);

        void Close()
        {
            if (rows.Count > 0)
            {
                units.Add(new($"{prefix}-{number:000}", rows, failsAtEnd));
                rows = [];
            }
        }
    }

    private static (int Unit, int Cycle, double[] Values) ReadRow(string file, int at, string line)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (fields.Length != Columns)
        {
            throw Malformed(file, at, $"{fields.Length} fields", Expected);
        }

        if (!int.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var unit)
            || !int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var cycle))
        {
            throw Malformed(file, at, $"unit '{fields[0]}', cycle '{fields[1]}'", "expected whole numbers");
        }

        var values = new double[Columns - 2];
        for (var i = 0; i < values.Length; i++)
        {
            if (!double.TryParse(fields[i + 2], NumberStyles.Float, CultureInfo.InvariantCulture, out values[i]) || !double.IsFinite(values[i]))
            {
                throw Malformed(file, at, $"column {i + 3} ({Properties[i]}) holds '{fields[i + 2]}'", "expected a finite number");
            }
        }

        return (unit, cycle, values);
    }

    private string Require(string name) => Find(name) ?? throw new CliFailure(
        ExitCode.Usage,
        $"{folder} holds neither {name} nor {name}.gz",
        $"found there: {Summary()}",
        "--subset with one of the sets that are there");

    private string? Find(string name)
    {
        var plain = Path.Combine(folder, name);
        return File.Exists(plain) ? plain : File.Exists(plain + ".gz") ? plain + ".gz" : null;
    }

    private string Summary()
    {
        var names = Directory.EnumerateFiles(folder, "train_*").Select(Path.GetFileName).Order().ToList();
        return names.Count == 0 ? "no train_ file at all" : string.Join(", ", names);
    }

    private static IEnumerable<string> Lines(string file)
    {
        GzipCheck.Demand(file);
        using var reader = new StreamReader(file.EndsWith(GzipCheck.Ending, StringComparison.Ordinal) ? new GZipStream(GzipCheck.Open(file), CompressionMode.Decompress) : GzipCheck.Open(file));
        while (reader.ReadLine() is { } line)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return line;
            }
        }
    }

    private static CliFailure Malformed(string file, int line, string found, string expected) =>
        new(ExitCode.Failed, $"{Path.GetFileName(file)}:{line}: {found}", expected, Compare);
}
