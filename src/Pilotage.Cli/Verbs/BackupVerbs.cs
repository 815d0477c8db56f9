using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Server.Hosting.Backup;

namespace Pilotage.Cli.Verbs;

/// <summary><c>backup</c>: all of a server's state in one file, and back.</summary>
internal static class BackupVerbs
{
    private const int DamagesShown = 20;

    private static readonly Column[] Columns = [new("TAKEN", "taken"), new("FILES", "files"), new("BYTES", "bytes"), new("VERSION", "version", true)];

    // What only opening it tells.
    private static readonly Column[] OpenedColumns = [.. Columns, new("SERIES", "series"), new("POINTS", "points"), new("DAMAGED", "damaged")];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("backup", "All of a server's state in one file, taken while it runs; and a data folder made of it."),
        Take(frame),
        Verify(frame),
        Restore(frame));

    private static Verb Take(VerbFrame frame)
    {
        var file = VerbFrame.Name("file", "Where to. It is there when it is complete and was read back, and not before.");
        var force = new Option<bool>("--force") { Description = "Replace a file that is there already." };
        var verb = VerbFrame.With(
            new Verb(
                "create",
                "Takes a backup of the running server: all that was acknowledged before. It holds the server's keys, so keep it as you keep those.",
                "pilotage backup create pilotage-2026-11-26.tar",
                "pilotage backup create /mnt/backups/nightly.tar --force"),
            file, force);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var place = VerbFrame.FileGiven(parsed.GetValue(file), file);
            using var api = frame.Connect(parsed);
            using var export = ExportFile.Create(frame.Session.WorkingDirectory, place, parsed.GetValue(force), isPrivate: true);
            await api.CopyAsync("api/v1/backups", body => ExportVerb.WholeAsync(() => export.FillAsync(body, cancellation), "backup"), cancellation, HttpMethod.Post);
            BackupReport report;
            await using (var written = export.ReadBack())
            {
                report = Take(await Backups.VerifyAsync(written, cancellation), place);
            }

            export.Complete();
            frame.Writer(parsed).Write(Row(report, place), Columns, "file");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Verify(VerbFrame frame)
    {
        var file = VerbFrame.Name("file", "The backup.");
        var drill = new Option<bool>("--drill") { Description = "Also make a data folder of it in the folder for temporary files, open it, read every point, and remove it again." };
        var verb = VerbFrame.With(
            new Verb(
                "verify",
                "Holds every file of a backup against its digest; no server is needed.",
                "pilotage backup verify pilotage-2026-11-26.tar",
                "pilotage backup verify nightly.tar --drill"),
            file, drill);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var place = VerbFrame.FileGiven(parsed.GetValue(file), file);
            await using var archive = Open(frame, place);
            if (!parsed.GetValue(drill))
            {
                frame.Writer(parsed).Write(Row(Take(await Backups.VerifyAsync(archive, cancellation), place), place), Columns, "file");
                return ExitCode.Done;
            }

            var folder = Directory.CreateTempSubdirectory("pilotage-drill-");
            try
            {
                return Tell(frame, parsed, await RestoreAsync(archive, Path.Combine(folder.FullName, "data"), place, cancellation), place);
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        });
        return verb;
    }

    private static Verb Restore(VerbFrame frame)
    {
        var file = VerbFrame.Name("file", "The backup.");
        var data = new Option<string>("--data") { Description = "The data folder to make; it must be empty, or not be there.", Required = true, HelpName = "DIR" };
        var verb = VerbFrame.With(
            new Verb(
                "restore",
                "Makes a data folder of a backup, and reads every point in it; start a server in it afterwards. Stop the one that it was taken from: both have the same keys.",
                "pilotage backup restore nightly.tar --data /var/lib/pilotage",
                "pilotage backup restore nightly.tar --data ./data && pilotage server --data ./data"),
            file, data);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var place = VerbFrame.FileGiven(parsed.GetValue(file), file);
            await using var archive = Open(frame, place);
            var folder = Path.Combine(frame.Session.WorkingDirectory, parsed.GetValue(data)!);
            var exit = Tell(frame, parsed, await RestoreAsync(archive, folder, place, cancellation), place);
            frame.Session.Error.WriteLine("note: a server in this folder is the one that the backup was taken from, with the same keys. Stop that one first.");
            frame.Session.Error.WriteLine("note: brokers of others that it reads as sources are paused: it would take their sessions from that server. See pilotage source list, and pilotage source resume NAME.");
            return exit;
        });
        return verb;
    }

    private static FileStream Open(VerbFrame frame, string place)
    {
        var path = Path.Combine(frame.Session.WorkingDirectory, place);
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            var exit = Directory.Exists(path) ? ExitCode.Usage
                : failure is FileNotFoundException or DirectoryNotFoundException ? ExitCode.NotFound
                : failure is UnauthorizedAccessException ? ExitCode.NotAllowed
                : ExitCode.Failed;
            throw new CliFailure(exit, $"cannot read {place}", FileFault.Why(failure, path), "a file that pilotage backup create made");
        }
    }

    private static async Task<BackupReport> RestoreAsync(Stream archive, string folder, string place, CancellationToken cancellation)
    {
        try
        {
            return Take(await Backups.RestoreAsync(archive, folder, cancellation), place);
        }
        catch (StorageException full) when (full.Fault == StorageFault.Full)
        {
            throw new CliFailure(ExitCode.Failed, $"the disk of {folder} has no room for what is in {place}", "what was written was taken away again", "make room, or another place with --data");
        }
        catch (Exception denied) when (denied is UnauthorizedAccessException or StorageException { Fault: StorageFault.Denied })
        {
            throw new CliFailure(ExitCode.NotAllowed, $"cannot make {folder}", $"this user has no right to it: {denied.Message}", "a place that this user may write to, with --data");
        }
    }

    private static BackupReport Take(Outcome<BackupReport> outcome, string place) => outcome.TryGet(out var report, out var refusal)
        ? report
        : throw new CliFailure(
            refusal.Code switch { "server.backup.exists" => ExitCode.Conflict, "server.data_not_writable" => ExitCode.NotAllowed, _ => ExitCode.Failed },
            $"{place}: {refusal.Message}",
            null,
            refusal.Code switch
            {
                "server.backup.exists" or "server.data_not_writable" => "another folder with --data",
                _ => "an earlier backup, or the same command again if it was just taken",
            });

    private static int Tell(VerbFrame frame, ParseResult parsed, BackupReport report, string place)
    {
        frame.Writer(parsed).Write(Row(report, place), OpenedColumns, "file");
        var store = report.Store!;
        foreach (var damage in store.Damages.Take(DamagesShown))
        {
            frame.Session.Error.WriteLine($"damaged: {damage}");
        }

        if (store.Damaged > 0)
        {
            frame.Session.Error.WriteLine($"{store.Damaged} blocks or records were damaged where the backup was taken; all others are there.");
        }

        return store.Damaged == 0 ? ExitCode.Done : ExitCode.PartlyDone;
    }

    private static JsonObject Row(BackupReport report, string place) => new()
    {
        ["file"] = place,
        ["taken"] = report.Taken.ToString("O"),
        ["version"] = report.Version,
        ["files"] = report.Files,
        ["bytes"] = report.Bytes,
        ["series"] = report.Store?.Series,
        ["points"] = report.Store?.Points,
        ["damaged"] = report.Store?.Damaged,
    };
}
