using System.Globalization;

namespace Pilotage.Core.Durability;

/// <summary>One file of the log: <c>name-&lt;first sequence&gt;-&lt;salt&gt;.log</c>.</summary>
/// <remarks>The salt is part of every checksum, so bytes of another file, or of a payload, never pass for a block.</remarks>
internal sealed class LogSegment(string fileName, long firstSequence, ulong salt)
{
    private const int IndexStepBytes = 64 * 1024;
    private const string Extension = ".log";
    private readonly Lock _gate = new();
    private readonly List<(long Sequence, long Offset)> _index = [(firstSequence, 0)];

    public string FileName => fileName;

    public long FirstSequence => firstSequence;

    public ulong Salt => salt;

    public static LogSegment Named(string logName, long firstSequence, ulong salt) => new(
        string.Create(CultureInfo.InvariantCulture, $"{logName}-{firstSequence:D19}-{salt:x16}{Extension}"),
        firstSequence,
        salt);

    /// <summary>The segments among the files of a folder, oldest first.</summary>
    public static List<LogSegment> Of(string logName, IReadOnlyList<string> files)
    {
        var segments = new List<LogSegment>();
        foreach (var file in files)
        {
            if (TryParse(logName, file) is { } segment)
            {
                segments.Add(segment);
            }
        }

        segments.Sort((left, right) => left.FirstSequence.CompareTo(right.FirstSequence));
        return segments;
    }

    /// <summary>Remembers where a block starts, sparsely, so that a reader need not walk the file from its start.</summary>
    public void Note(long sequence, long offset)
    {
        lock (_gate)
        {
            if (offset - _index[^1].Offset >= IndexStepBytes)
            {
                _index.Add((sequence, offset));
            }
        }
    }

    /// <summary>A block at or before the one that holds a sequence.</summary>
    public (long Sequence, long Offset) Before(long sequence)
    {
        lock (_gate)
        {
            var at = _index.FindLastIndex(entry => entry.Sequence <= sequence);
            return _index[Math.Max(at, 0)];
        }
    }

    private static LogSegment? TryParse(string logName, string file)
    {
        const int Digits = 19;
        const int SaltDigits = 16;
        var stem = file.AsSpan();
        if (stem.Length != logName.Length + Digits + SaltDigits + 2 + Extension.Length
            || !stem.StartsWith(logName, StringComparison.Ordinal)
            || !stem.EndsWith(Extension, StringComparison.Ordinal))
        {
            return null;
        }

        var first = stem.Slice(logName.Length + 1, Digits);
        var salt = stem.Slice(logName.Length + Digits + 2, SaltDigits);
        return long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            && ulong.TryParse(salt, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var salted)
            ? new LogSegment(file, sequence, salted)
            : null;
    }
}
