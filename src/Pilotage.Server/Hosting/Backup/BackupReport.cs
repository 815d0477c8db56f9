namespace Pilotage.Server.Hosting.Backup;

/// <summary>What a backup holds, and whether it works.</summary>
/// <param name="Taken">When it was begun.</param>
/// <param name="Version">The version of the server that made it.</param>
/// <param name="Files">Files in it.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Store">What reading every point came to; null where only digests were looked at.</param>
public sealed record BackupReport(DateTimeOffset Taken, string Version, int Files, long Bytes, RestoredStore? Store);

/// <summary>The series of a backup, read to the last point.</summary>
/// <param name="Series">Series that hold a point.</param>
/// <param name="Points">Points that can be read.</param>
/// <param name="Damaged">Blocks and records that could not be read where the backup was taken.</param>
/// <param name="Damages">What the blocks among them held, a sentence each.</param>
public sealed record RestoredStore(long Series, long Points, long Damaged, IReadOnlyList<string> Damages);
