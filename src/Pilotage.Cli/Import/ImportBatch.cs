namespace Pilotage.Cli.Import;

/// <summary>A row on its way: where it stands in the file, and the line of JSON it became.</summary>
internal readonly record struct ImportLine(long FileLine, byte[] Json);

/// <summary>The rows of one device until there are enough for a request.</summary>
internal sealed class ImportBatch(string device, ColumnKind[] kinds, bool[] described)
{
    public string Device => device;

    /// <summary>What each of its columns holds; of one that is undecided the first value decides.</summary>
    public ColumnKind[] Kinds => kinds;

    /// <summary>Of which columns the description of the thing type says what they hold, because their series hold nothing yet.</summary>
    public bool[] Described => described;

    public int Bytes { get; private set; }

    public List<ImportLine> Lines { get; private set; } = [];

    public void Add(ImportLine line)
    {
        Lines.Add(line);
        Bytes += line.Json.Length;
    }

    /// <summary>The rows so far; it is empty afterwards.</summary>
    public List<ImportLine> Take()
    {
        var lines = Lines;
        (Lines, Bytes) = ([], 0);
        return lines;
    }
}
