namespace Pilotage.Core.Durability;

/// <content>Copies of a log that is being written.</content>
public sealed partial class CommitLog
{
    /// <summary>The files of a log as they stand. Copied into a folder, they open as after a crash at this moment: with all that was acknowledged before it.</summary>
    public static IReadOnlyList<FrozenFile> Freeze(IDurableDirectory directory, string name, string folder)
    {
        var frozen = new List<FrozenFile>();
        foreach (var segment in LogSegment.Of(name, directory.List()))
        {
            if (FrozenFile.Of(directory, segment.FileName, $"{folder}/{segment.FileName}") is { } file)
            {
                frozen.Add(file);
                continue;
            }

            // Trimmed meanwhile, and then those before it were as well: without it they would be a log with a hole.
            frozen.ForEach(trimmed => trimmed.Dispose());
            frozen.Clear();
        }

        return frozen;
    }
}
