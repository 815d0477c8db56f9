using System.ComponentModel.DataAnnotations;

namespace Pilotage.Streams;

/// <summary>Bounds on a pipeline's text and on its state; the text is refused at compile time, state is cut and
/// counted.</summary>
public sealed record PipelineLimits
{
    /// <summary>Longest text, in characters: some thousand rules.</summary>
    [Range(1, 1 << 24)]
    public int SqlCharsMax { get; init; } = 1_048_576;

    /// <summary>Most statements in one text (views, inserts and settings together).</summary>
    [Range(1, 10_000)]
    public int StatementsMax { get; init; } = 4_096;

    /// <summary>Most columns of one view, counted with the hidden columns its windows add.</summary>
    [Range(2, 65_536)]
    public int ColumnsMax { get; init; } = 1_024;

    /// <summary>Deepest nesting of an expression or of queries; a chain such as <c>a + b + c</c> counts each
    /// sign.</summary>
    [Range(1, 500)]
    public int ExpressionDepthMax { get; init; } = 100;

    /// <summary>Most parts of one expression (names, numbers, signs), operands that are read twice counted
    /// twice.</summary>
    [Range(1, 1_000_000)]
    public int ExpressionSizeMax { get; init; } = 10_000;

    /// <summary>Most rows one window keeps per device. A longer ROWS frame is refused; a RANGE window or one over time
    /// that fills up at run time keeps the newest rows and counts what it dropped.</summary>
    [Range(1, 10_000_000)]
    public int WindowRowsMax { get; init; } = 100_000;

    /// <summary>Most different keys that ROW_NUMBER remembers of a device. One more, and the key that was met first is forgotten, counted like a
    /// row that a window dropped; should it come again, its rows are numbered from 1.</summary>
    [Range(1, 10_000_000)]
    public int NumberedKeysMax { get; init; } = 10_000;

    /// <summary>Most steps from a table to what reads it, views counted through: a row passes them one inside the
    /// other.</summary>
    [Range(1, 1_000)]
    public int StepsMax { get; init; } = 256;

    /// <summary>Most ways on which a row of a table comes to one step, through UNION ALL and joins of views that read it: each is a row more to compute.</summary>
    [Range(1, 1_000)]
    public int WaysMax { get; init; } = 64;

    /// <summary>Most HOP windows one row may fall into (size divided by slide).</summary>
    [Range(1, 100_000)]
    public int OverlapMax { get; init; } = 1_000;

    /// <summary>Most devices one running pipeline keeps state for; rows of further ones are refused and
    /// counted.</summary>
    [Range(1, 10_000_000)]
    public int DevicesMax { get; init; } = 10_000;

    /// <summary>Most rows held back per device to put late ones in order; beyond it the oldest goes on early,
    /// counted.</summary>
    [Range(1, 1_000_000)]
    public int ReorderRowsMax { get; init; } = 4_096;

    /// <summary>Most groups of one question that groups by anything but device and window; one more refuses the question.</summary>
    [Range(1, 10_000_000)]
    public int GroupsMax { get; init; } = 100_000;

    /// <summary>Most rows of one question that are held to be put in order; one more refuses the question.</summary>
    [Range(1, 10_000_000)]
    public int SortedRowsMax { get; init; } = 200_000;

    /// <summary>Longest text that is a value, in UTF-16 code units; longer ones are NULL, counted.</summary>
    [Range(16, 1 << 24)]
    public int TextCharsMax { get; init; } = 65_536;

    /// <summary>Most different texts that a run keeps at once in windows, groups and rows that wait; one more is NULL, counted.</summary>
    [Range(16, 100_000_000)]
    public int TextsMax { get; init; } = 1_000_000;

    /// <summary>Most code units of these texts together: 64 million, 128 MB. What goes beyond is NULL, counted.</summary>
    [Range(1_024, 4_000_000_000)]
    public long TextPoolCharsMax { get; init; } = 64_000_000;

    /// <summary>Longest lateness a text may ask for.</summary>
    public TimeSpan LatenessMax { get; init; } = TimeSpan.FromDays(7);
}
