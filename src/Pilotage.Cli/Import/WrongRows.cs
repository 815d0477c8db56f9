using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Import;

/// <summary>What of a file is not stored, by line and column: all of it counted, the first of it listed.</summary>
/// <param name="isStrict">Whether the first one ends the reading.</param>
internal sealed class WrongRows(bool isStrict)
{
    /// <summary>Most that are listed one by one.</summary>
    public const int ListedMax = 20;

    private readonly List<(long Line, string? Column, string Why)> _listed = [];

    /// <summary>Rows that are left out whole.</summary>
    public long Rows { get; private set; }

    /// <summary>Cells that are left out of rows that are stored.</summary>
    public long Cells { get; private set; }

    public bool IsEmpty => Rows + Cells == 0;

    public void Row(long line, string why, string? column = null)
    {
        Rows++;
        Add(line, column, why);
    }

    public void Cell(long line, string column, string why)
    {
        Cells++;
        Add(line, column, why);
    }

    /// <summary>Says the first ones, and how many more there are.</summary>
    public void WriteTo(TextWriter error)
    {
        foreach (var (line, column, why) in _listed)
        {
            error.WriteLine(Printable.Of(Told(line, column, why)));
        }

        if (Rows + Cells > _listed.Count)
        {
            error.WriteLine($"and {Rows + Cells - _listed.Count} more");
        }
    }

    public JsonArray ToJson() => new([.. _listed.Select(one => new JsonObject { ["line"] = one.Line, ["column"] = one.Column, ["why"] = one.Why })]);

    private void Add(long line, string? column, string why)
    {
        if (isStrict)
        {
            throw new CliFailure(ExitCode.Refused, Printable.Of(Told(line, column, why)), "--strict takes a file whole or not at all", "mend the line, or leave --strict out: what is wrong is then left out and counted");
        }

        if (_listed.Count < ListedMax)
        {
            _listed.Add((line, column, why));
        }
    }

    private static string Told(long line, string? column, string why) => $"line {line}{(column is null ? "" : $", {column}")}: {why}";
}
