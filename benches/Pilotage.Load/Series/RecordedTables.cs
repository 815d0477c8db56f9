using System.Globalization;
using System.IO.Compression;

namespace Pilotage.Load.Series;

/// <summary>Recorded data as it lies in folders: tables of numbers in text, separated by commas, semicolons, tabs or blanks, gzipped or not.</summary>
/// <remarks>A column of which nearly all is numbers is a series; a table with more columns than a message has fields is one signal, row after row.</remarks>
internal sealed class RecordedTables(string folder, int pointsMax)
{
    private const int ColumnsMax = 64;
    private const int Looked = 200;
    private const double NumbersMin = 0.98;
    private const int LinesEach = 5_000;
    private static readonly string[] Endings = [".csv", ".txt", ".csv.gz", ".txt.gz"];

    /// <summary>Its tables, in order of their names; what is no table has none.</summary>
    public IReadOnlyList<string> Files { get; } = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Where(file => Array.Exists(Endings, file.EndsWith)).Order(StringComparer.Ordinal)];

    /// <summary>Values in the bodies that were taken.</summary>
    public long Points { get; private set; }

    /// <summary>Messages in line protocol, a device for each table and a second or, of one signal, 10 ms from each to the next.</summary>
    public IEnumerable<byte[]> Bodies()
    {
        var lines = new List<string>(LinesEach);
        for (var file = 0; file < Files.Count && Points < pointsMax; file++)
        {
            foreach (var line in Lines(Files[file], file))
            {
                lines.Add(line);
                if (lines.Count == LinesEach)
                {
                    yield return Body(lines);
                }
            }
        }

        if (lines.Count > 0)
        {
            yield return Body(lines);
        }
    }

    private static byte[] Body(List<string> lines)
    {
        var body = System.Text.Encoding.ASCII.GetBytes(string.Join('\n', lines));
        lines.Clear();
        return body;
    }

    private IEnumerable<string> Lines(string file, int device)
    {
        var first = Rows(file).Take(Looked).ToList();
        var rows = first.Count > 1 && !first[0].Any(IsNumber) ? 1 : 0;
        var width = first.Count == 0 ? 0 : first[^1].Length;
        int[] columns = [.. Enumerable.Range(0, width).Where(column => first.Skip(rows).Count(row => column < row.Length && (row[column].Length == 0 || IsNumber(row[column]))) >= NumbersMin * (first.Count - rows))];
        var (at, isSignal) = (0L, columns.Length > ColumnsMax);
        foreach (var row in Rows(file).Skip(rows))
        {
            if (Points >= pointsMax)
            {
                yield break;
            }

            if (isSignal)
            {
                foreach (var value in columns.Where(column => column < row.Length && IsNumber(row[column])).Select(column => row[column]))
                {
                    Points++;
                    yield return string.Create(CultureInfo.InvariantCulture, $"env,device={Signals.IdOf(device)} c0={Plain(value)} {Signals.StartMs + (at++ * 10)}");
                }

                continue;
            }

            var fields = columns.Where(column => column < row.Length && IsNumber(row[column])).Select(column => $"c{column}={Plain(row[column])}").ToList();
            if (fields.Count > 0)
            {
                Points += fields.Count;
                yield return string.Create(CultureInfo.InvariantCulture, $"env,device={Signals.IdOf(device)} {string.Join(',', fields)} {Signals.StartMs + (at * 1000)}");
            }

            at++;
        }
    }

    private static IEnumerable<string[]> Rows(string file)
    {
        using var stream = File.OpenRead(file);
        using var reader = new StreamReader(file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stream, CompressionMode.Decompress) : stream);
        char? separator = null;
        while (reader.ReadLine() is { } line)
        {
            separator ??= line.Contains(';', StringComparison.Ordinal) ? ';' : line.Contains(',', StringComparison.Ordinal) ? ',' : line.Contains('\t', StringComparison.Ordinal) ? '\t' : ' ';
            yield return line.Split(separator.Value, separator == ' ' ? StringSplitOptions.RemoveEmptyEntries : StringSplitOptions.None);
        }
    }

    private static bool IsNumber(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number);

    // A plus sign is no part of line protocol.
    private static string Plain(string text) => text.Trim().TrimStart('+');
}
