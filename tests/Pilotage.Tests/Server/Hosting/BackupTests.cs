using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Hosting.Backup;
using Pilotage.Server.Models.Contracts;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Hosting;

/// <summary>Backups of a built server: what is in them, what comes back, and what is no backup.</summary>
public sealed class BackupTests : IAsyncLifetime
{
    private const int Damages = 400;
    private static readonly SeriesKey Load = new(new TenantId("acme"), new DeviceId("p1"), "load");
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-backup-").FullName;
    private readonly TestServerFolder _server = new();
    private byte[] _archive = [];

    private string Data => Path.Combine(_folder, "data");

    public async Task InitializeAsync()
    {
        await PutAsync(1, 2.5);
        _server.Get<IArtifactStore>().Put("an artifact"u8);
        AtomicFile.Write(_server.Get<DataFolder>().Files, "quality.bin", "what was learned"u8);
        _archive = (await new RequestPipeline(_server).AskAsync("POST", "/api/v1/backups")).Bytes;
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Every_file_of_the_data_folder_is_in_it_but_those_of_the_moment()
    {
        string[] ofTheMoment = ["server.lock", "catalogue.db-wal", "catalogue.db-shm"];
        var there = Directory.EnumerateFiles(_server.Path, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_server.Path, file)).Except(ofTheMoment);

        Assert.Equal(there.Order(StringComparer.Ordinal), Entries().Select(entry => entry.Name).Except(["backup.json", "digests.json"]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_was_there_when_it_was_begun_comes_back_and_works()
    {
        await PutAsync(2, 3.5);
        var report = await RestoreAsync(_archive);

        Assert.Equal((1, 1, 0L), (report.Store!.Series, report.Store.Points, report.Store.Damaged));
        Assert.Equal(SHA256.HashData(File.ReadAllBytes(Path.Combine(_server.Path, "keys", "ca.key"))), SHA256.HashData(File.ReadAllBytes(Path.Combine(Data, "keys", "ca.key"))));
        Assert.All(Directory.EnumerateFiles(Data, "*", SearchOption.AllDirectories), file => Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite)));
        await using var store = TimeSeriesStore.Open(new PosixDirectory(Path.Combine(Data, "series")), new TimeSeriesOptions(), TimeProvider.System);
        Assert.Equal([new Point(1, 2.5, Quality.Good)], store.Read(Load, long.MinValue, long.MaxValue));
        Assert.Contains(_server.Get<IAudit>().Read(new TenantId("acme"), null, 10), record => record is { Action: "server.backup.take", Result: "done" });
    }

    [Fact]
    public async Task A_second_one_at_the_same_time_is_refused_and_the_first_goes_on()
    {
        var admin = new Principal("admin", "admin", new TenantId("acme"), [Roles.Admin], null);
        BackupEndpoints? backups = null;
        IResult? second = null;
        var busy = new BackedUp(() =>
        {
            second = backups!.TakeAsync(admin, new DefaultHttpContext()).GetAwaiter().GetResult();
            return [];
        });
        backups = new BackupEndpoints([busy], _server.Get<IAudit>(), TimeProvider.System);
        using var archive = new MemoryStream();
        var context = new DefaultHttpContext();
        context.Response.Body = archive;
        await backups.TakeAsync(admin, context);

        Assert.Equal(StatusCodes.Status409Conflict, Assert.IsType<ProblemHttpResult>(second).StatusCode);
        archive.Position = 0;
        Assert.True((await Backups.VerifyAsync(archive, default)).IsOk);
    }

    [Fact]
    public async Task A_place_that_holds_something_is_left_alone_and_an_empty_one_is_taken()
    {
        Directory.CreateDirectory(Data);
        await RestoreAsync(_archive);
        var refused = await Backups.RestoreAsync(new MemoryStream(_archive), Data, default);

        Assert.Equal("server.backup.exists", refused.Refusal.Code);
        Assert.True(File.Exists(Path.Combine(Data, "catalogue.db")));
        Assert.Equal(["data"], Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Damage_anywhere_is_noticed_or_changes_nothing()
    {
        var random = new Random(20261126);
        var noticed = 0;
        for (var i = 0; i < Damages; i++)
        {
            var bytes = _archive.ToArray();
            var at = random.Next(bytes.Length);
            bytes = i % 3 == 0 ? bytes[..at] : bytes;
            if (i % 3 != 0)
            {
                bytes[at] ^= (byte)(1 << random.Next(8));
            }

            var files = new Dictionary<string, MemoryStream>();
            var read = await BackupReader.ReadAsync(new MemoryStream(bytes), path => files[path] = new MemoryStream(), default);
            noticed += read.IsOk ? 0 : 1;
            Assert.True(!read.IsOk || files.All(file => Digest(file.Value.ToArray()) == Digest(Entries().Single(entry => entry.Name == file.Key).Bytes)), $"damage {i} at {at}");
            Assert.True(read.IsOk || read.Refusal.Message.EndsWith("Nothing of it is used.", StringComparison.Ordinal));
        }

        Assert.True(noticed > Damages / 2, $"{noticed} of {Damages}");
    }

    [Theory]
    [InlineData("../evil", "no file of a data folder")]
    [InlineData("/etc/evil", "no file of a data folder")]
    [InlineData("keys/../../evil", "no file of a data folder")]
    [InlineData("a/b/c/d", "no file of a data folder")]
    [InlineData("keys/ca.key", "keys/ca.key twice")]
    [InlineData("keys/added", "keys/added was added")]
    public async Task What_was_put_into_it_is_refused_and_nothing_is_left(string name, string says)
    {
        var evil = Archive([.. Entries().SkipLast(1), (name, "evil"u8.ToArray()), .. Entries().TakeLast(1)]);
        var refused = await Backups.RestoreAsync(new MemoryStream(evil), Data, default);

        Assert.Contains(says, refused.Refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
        Assert.False(File.Exists(Path.Combine(Path.GetDirectoryName(_folder)!, "evil")));
    }

    [Fact]
    public async Task A_link_in_it_is_refused()
    {
        using var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "backup.json") { DataStream = new MemoryStream(Entries()[0].Bytes) });
            tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "keys/ca.key") { LinkName = "/etc/passwd" });
        }

        archive.Position = 0;
        Assert.Contains("keys/ca.key is a SymbolicLink", (await Backups.RestoreAsync(archive, Data, default)).Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_missing_or_not_what_was_written_is_named()
    {
        var without = await VerifyAsync(Archive([.. Entries().Where(entry => entry.Name != "keys/ca.key")]));
        var changed = await VerifyAsync(Archive([.. Entries().Select(entry => entry.Name == "keys/ca.key" ? (entry.Name, entry.Bytes.Reverse().ToArray()) : entry)]));
        var newer = await VerifyAsync(Archive([("backup.json", Encoding.UTF8.GetBytes("""{"format":"pilotage.backup/2","version":"9.0"}""")), .. Entries().Skip(1)]));
        var other = await VerifyAsync(Archive([("readme", "x"u8.ToArray())]));
        var behind = await VerifyAsync(Archive([.. Entries(), ("evil", "x"u8.ToArray())]));
        var text = await VerifyAsync(Encoding.UTF8.GetBytes(new string('x', 2000)));

        Assert.Contains("keys/ca.key is missing", without, StringComparison.Ordinal);
        Assert.Contains("keys/ca.key is not what was written", changed, StringComparison.Ordinal);
        Assert.Contains("take the version that made it, 9.0", newer, StringComparison.Ordinal);
        Assert.Contains("no backup of Pilotage", other, StringComparison.Ordinal);
        Assert.Contains("no backup of Pilotage", text, StringComparison.Ordinal);
        Assert.Contains("evil behind its end", behind, StringComparison.Ordinal);
    }

    private static async Task<string> VerifyAsync(byte[] archive) => (await Backups.VerifyAsync(new MemoryStream(archive), default)).Refusal.Message;

    private static string Digest(byte[] bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    private static byte[] Archive(IEnumerable<(string Name, byte[] Bytes)> entries)
    {
        using var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var (name, bytes) in entries)
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
            }
        }

        return archive.ToArray();
    }

    private async Task<BackupReport> RestoreAsync(byte[] archive) => (await Backups.RestoreAsync(new MemoryStream(archive), Data, default)).Value;

    private List<(string Name, byte[] Bytes)> Entries()
    {
        using var tar = new TarReader(new MemoryStream(_archive));
        var entries = new List<(string, byte[])>();
        while (tar.GetNextEntry(copyData: true) is { } entry)
        {
            using var bytes = new MemoryStream();
            entry.DataStream?.CopyTo(bytes);
            entries.Add((entry.Name, bytes.ToArray()));
        }

        return entries;
    }

    private async Task PutAsync(long timeNs, double value)
    {
        var batch = new PointBatch();
        batch.Add(Load, timeNs, value, Quality.Good, 0);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }
}
