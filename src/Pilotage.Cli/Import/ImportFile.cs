using System.Text.Unicode;
using CsvHelper;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Import;

/// <summary>The rows of a file of CSV; a row that cannot be read is said, and passed over.</summary>
internal sealed class ImportFile : IDisposable
{
    // Larger than any row that means it; without it a quotation mark that is not closed would read the rest of a large file into memory.
    private const int RecordBytesMax = 1024 * 1024;
    private readonly FileStream _stream;
    private readonly string _path;

    private ImportFile(string path, FileStream stream, CsvReader rows) => (_path, _stream, Rows) = (path, stream, rows);

    public CsvReader Rows { get; }

    public IReadOnlyList<string> Headers => Rows.Headers;

    /// <summary>How much of the file is read, from 0 to 1.</summary>
    public double Share => _stream.Length == 0 ? 1 : (double)Rows.ByteOffset / _stream.Length;

    /// <param name="folder">Where a relative path begins.</param>
    /// <param name="file">The file.</param>
    /// <param name="delimiter">Between cells; found out where null.</param>
    /// <param name="wrong">Takes what is no row.</param>
    public static ImportFile Open(string folder, string file, char? delimiter, WrongRows wrong)
    {
        var path = Path.Combine(folder, file);
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            var rows = CsvReader.Create(stream, new CsvReaderOptions
            {
                Separator = delimiter,
                TrackLineNumbers = true,
                TrimWhitespace = true,
                MaxRecordSize = RecordBytesMax,
                MalformedData = CsvMalformedDataHandling.Skip,
                FieldCountMismatch = CsvFieldCountHandling.Skip,
                OnMalformedRecord = bad => wrong.Row(bad.LineNumber, Words(bad)),
            });
            return new ImportFile(file, stream, rows);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(File.Exists(path) ? ExitCode.NotAllowed : ExitCode.NotFound, $"cannot read {file}", FileFault.Why(e, path), "the path of a file of CSV");
        }
    }

    public void ReadHeader()
    {
        Guarded(() => Rows.ReadHeader());
        if (Headers.Count == 0)
        {
            throw new CliFailure(ExitCode.Usage, $"{_path} is empty", "a header line says what the columns are", "a file of CSV with a header");
        }
    }

    /// <summary>The next row that can be read.</summary>
    public bool Read()
    {
        var isThere = false;
        Guarded(() => isThere = Rows.Read());
        return isThere;
    }

    public void Dispose()
    {
        Rows.Dispose();
        _stream.Dispose();
    }

    private void Guarded(Action read)
    {
        try
        {
            read();
        }
        catch (CsvFormatException failure)
        {
            throw new CliFailure(
                ExitCode.Refused, $"{_path}, line {failure.LineNumber}: the row is longer than {RecordBytesMax} bytes", "most likely a quotation mark is not closed", "mend the line; rows before it that are stored stay stored");
        }
    }

    private static string Words(CsvMalformedRecord bad) => bad.Reason switch
    {
        CsvMalformedReason.StrayQuote => "a quotation mark stands inside a cell that does not begin with one",
        CsvMalformedReason.TextAfterClosingQuote => "something follows the quotation mark that closes a cell",
        CsvMalformedReason.UnterminatedQuote => "a quotation mark is not closed",
        _ => "it has another number of cells than the header",
    };

    /// <summary>Whether bytes are the UTF-8 that everything here is.</summary>
    public static bool IsText(ReadOnlySpan<byte> cell) => Utf8.IsValid(cell);
}
