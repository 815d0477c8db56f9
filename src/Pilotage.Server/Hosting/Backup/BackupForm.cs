using System.Text.Json;

namespace Pilotage.Server.Hosting.Backup;

/// <summary>The form of a backup: a tar archive (POSIX.1-2001 pax) whose first entry says what it is and whose last says what has to be in it.</summary>
internal static class BackupForm
{
    public const string Media = "application/x-tar";
    public const string HeadFile = "backup.json";
    public const string DigestsFile = "digests.json";
    public const string FormatName = "pilotage.backup/1";

    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web);
}

/// <summary>The first entry.</summary>
/// <param name="Format">Which form it has.</param>
/// <param name="Taken">When it was begun: all that was acknowledged before is in it.</param>
/// <param name="Version">The version of the server.</param>
internal sealed record BackupHead(string Format, DateTimeOffset Taken, string Version);

/// <summary>The last entry: without it, the backup is not complete.</summary>
internal sealed record BackupDigests(IReadOnlyList<BackupEntry> Files);

/// <summary>A file of the data folder.</summary>
internal sealed record BackupEntry(string Path, long Bytes, string Sha256);
