using System.Globalization;
using System.IO.Compression;

namespace Pilotage.Load.Value;

/// <summary>One engine's whole life: a row of settings and sensors per cycle, the last one before it failed.</summary>
internal sealed record Engine(string Name, IReadOnlyList<double[]> Rows);

/// <summary>Reads <c>train_FD00x.txt[.gz]</c>: unit, cycle, 3 settings, 21 sensors, separated by blanks.</summary>
internal static class EngineFile
{
    private const int Columns = 26;

    public static List<Engine> Read(string folder, string subset)
    {
        var path = Path.Combine(folder, $"train_{subset}.txt");
        using var file = File.OpenRead(File.Exists(path) ? path : path + ".gz");
        using Stream text = File.Exists(path) ? file : new GZipStream(file, CompressionMode.Decompress);
        using var reader = new StreamReader(text);
        var rows = new List<(int Unit, double[] Values)>();
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length != Columns && fields.Length != 0)
            {
                throw new InvalidDataException($"{path}:{number}: {fields.Length} fields, expected {Columns}.");
            }

            if (fields.Length == Columns)
            {
                rows.Add((
                    int.Parse(fields[0], CultureInfo.InvariantCulture),
                    [.. fields[2..].Select(field => double.Parse(field, CultureInfo.InvariantCulture))]));
            }
        }

        return [.. rows
            .GroupBy(row => row.Unit, row => row.Values)
            .OrderBy(unit => unit.Key)
            .Select(unit => new Engine($"engine-{unit.Key:000}", [.. unit]))];
    }
}
