using System.Globalization;
using CsvHelper;
using Pilotage.Runtime;
using Pilotage.Server.Hosting;
using Pilotage.Streams;

namespace Pilotage.Server.Package.Pipelines;

/// <summary>Rows of a CSV file on their way into a pipeline.</summary>
internal static class PipelineRows
{
    /// <summary>Later than any row.</summary>
    public const long LatestNs = 0x7FEF_FFFF_FFFF_FFFF;

    private const long NsPerMs = 1_000_000;
    private const int RecordBytesMax = 1024 * 1024;

    /// <summary>Pushes every row to the table of a thing type; what is wrong with the file otherwise.</summary>
    public static Refusal? Push(Stream file, string thing, PipelinePlan plan, PipelineRun run)
    {
        var source = plan.Sources.Select((schema, index) => (schema, index)).FirstOrDefault(pair => pair.schema.Name == thing);
        if (source.schema is null)
        {
            return new Refusal("pipeline.unknown_table", $"The pipeline does not read {thing}.");
        }

        Refusal? malformed = null;
        using var csv = CsvReader.Create(file, new CsvReaderOptions
        {
            Separator = ',',
            TrackLineNumbers = true,
            TrimWhitespace = true,
            MaxRecordSize = RecordBytesMax,
            MalformedData = CsvMalformedDataHandling.Skip,
            FieldCountMismatch = CsvFieldCountHandling.Skip,
            OnMalformedRecord = bad => malformed ??= Fault(bad.LineNumber, $"the row cannot be read ({bad.Reason})"),
        });
        try
        {
            csv.ReadHeader();
            var (device, time) = (Place(csv.Headers, "device"), Place(csv.Headers, "ts"));
            if (device < 0 || time < 0)
            {
                return Fault(1, "the header names no column device or no column ts");
            }

            string[] properties = [.. source.schema.Properties.Select(property => property.Name)];
            var places = csv.Headers.Select(name => Place(properties, name)).ToArray();
            if (csv.Headers.FirstOrDefault(name => name is not ("device" or "ts") && !properties.Contains(name)) is { } unknown)
            {
                return Fault(1, $"{thing} has no property {unknown}; it has {string.Join(", ", properties)}");
            }

            if (csv.Headers.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
            {
                return Fault(1, $"two columns are called {twice.Key}");
            }

            var row = new Cells(source.schema);
            for (var number = 0L; csv.Read(); number++)
            {
                if (malformed is not null)
                {
                    return malformed;
                }

                row.Clear();
                for (var i = 0; i < places.Length; i++)
                {
                    if (places[i] >= 0 && csv.GetString(i) is { Length: > 0 } cell && !row.TrySet(places[i], cell))
                    {
                        return Fault(csv.LineNumber, $"\"{cell}\" in column {csv.Headers[i]} is no {source.schema.Properties[places[i]].Type.ToString().ToLowerInvariant()}");
                    }
                }

                if (!TryTime(csv.GetString(time), out var ns))
                {
                    return Fault(csv.LineNumber, $"\"{csv.GetString(time)}\" is no time; write RFC 3339 text or whole milliseconds since 1970");
                }

                if (csv.GetString(device) is not { Length: > 0 } id)
                {
                    return Fault(csv.LineNumber, "the row names no device");
                }

                run.Push(source.index, new DeviceId(id), ns, row.Values, row.Texts, number);
            }
        }
        catch (CsvFormatException failure)
        {
            return Fault(failure.LineNumber, $"the row is longer than {RecordBytesMax} bytes; is a quotation mark not closed?");
        }

        return malformed;
    }

    private static int Place(IReadOnlyList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == name)
            {
                return i;
            }
        }

        return -1;
    }

    private static bool TryTime(string text, out long ns)
    {
        ns = 0;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var ms) && Math.Abs(ms) < long.MaxValue / NsPerMs)
        {
            ns = ms * NsPerMs;
            return true;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            ns = Clock.ToNs(at);
            return true;
        }

        return false;
    }

    private static Refusal Fault(long line, string says) => new("pipeline.rows", $"Line {line}: {says}.");

    private sealed class Cells(ThingSchema schema)
    {
        public double[] Values { get; } = new double[schema.Properties.Count];

        public string?[] Texts { get; } = new string?[schema.Properties.Count];

        public void Clear()
        {
            Array.Fill(Values, double.NaN);
            Array.Clear(Texts);
        }

        public bool TrySet(int place, string cell)
        {
            switch (schema.Properties[place].Type)
            {
                case ThingPropertyType.Text:
                    Texts[place] = cell;
                    return true;
                case ThingPropertyType.Boolean:
                    Values[place] = cell.ToUpperInvariant() switch { "TRUE" or "1" => 1, "FALSE" or "0" => 0, _ => double.NaN };
                    return !double.IsNaN(Values[place]);
                default:
                    return double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out Values[place]);
            }
        }
    }
}
