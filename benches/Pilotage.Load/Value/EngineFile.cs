using System.Globalization;
using System.IO.Compression;

namespace Pilotage.Load.Value;

/// <summary>One engine: a row of settings and sensors per cycle, up to its failure or to where observation ended.</summary>
/// <param name="LeftAtEnd">Cycles it would have run on after the last row.</param>
internal sealed record Engine(string Name, IReadOnlyList<double[]> Rows, int LeftAtEnd = 0);

/// <summary>
/// Reads <c>train_FD00x.txt[.gz]</c> and <c>test_FD00x.txt[.gz]</c> (unit, cycle, 3 settings, 21 sensors, separated by
/// blanks) and <c>RUL_FD00x.txt[.gz]</c>, which says what each test engine had left.
/// </summary>
internal static class EngineFile
{
    private const int Columns = 26;

    /// <summary>Engines that ran until they failed.</summary>
    public static List<Engine> Train(string folder, string subset) =>
        Engines(Path.Combine(folder, $"train_{subset}.txt"), "engine");

    /// <summary>Engines whose observation ended before they did; empty where the files are not there.</summary>
    public static List<Engine> Test(string folder, string subset)
    {
        var (rows, left) = (Path.Combine(folder, $"test_{subset}.txt"), Path.Combine(folder, $"RUL_{subset}.txt"));
        if (!Exists(rows) || !Exists(left))
        {
            return [];
        }

        var truth = Lines(left, columns: 1).Select(fields => (int)fields[0]).ToList();
        var engines = Engines(rows, "test");
        return engines.Count == truth.Count
            ? [.. engines.Zip(truth, (engine, cycles) => engine with { LeftAtEnd = cycles })]
            : throw new InvalidDataException($"{left} has {truth.Count} lines, but {rows} has {engines.Count} engines.");
    }

    private static List<Engine> Engines(string path, string name) =>
    [
        .. Lines(path, Columns)
            .GroupBy(fields => (int)fields[0], fields => fields[2..])
            .OrderBy(unit => unit.Key)
            .Select(unit => new Engine($"{name}-{unit.Key:000}", [.. unit])),
    ];

    private static IEnumerable<double[]> Lines(string path, int columns)
    {
        using var file = File.OpenRead(File.Exists(path) ? path : path + ".gz");
        using Stream text = File.Exists(path) ? file : new GZipStream(file, CompressionMode.Decompress);
        using var reader = new StreamReader(text);
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == columns)
            {
                yield return [.. fields.Select(field => double.Parse(field, CultureInfo.InvariantCulture))];
            }
            else if (fields.Length != 0)
            {
                throw new InvalidDataException($"{path}:{number}: {fields.Length} fields, expected {columns}.");
            }
        }
    }

    private static bool Exists(string path) => File.Exists(path) || File.Exists(path + ".gz");
}
