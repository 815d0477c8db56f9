using System.Text;
using Pilotage.Core.Durability;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Core.Durability;

/// <summary>The same expectations of the real folder and the simulated one.</summary>
public sealed class DurableFileTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("pilotage-").FullName;

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Files_and_names_do_what_they_say(bool isReal)
    {
        var root = isReal ? new PosixDirectory(_path) : new SimulatedDisk(new Random(1)).Root;
        var folder = root.Sub("a").Sub("b");
        using (var file = folder.Open("one", DurableOpen.CreateNew))
        {
            file.Write(3, "def"u8);
            file.Write(0, "abc"u8);
            file.Sync();
            Assert.Equal(6, file.Length);
            var bytes = new byte[10];
            Assert.Equal(4, file.Read(2, bytes));
            Assert.Equal("cdef", Encoding.UTF8.GetString(bytes, 0, 4));
            Assert.Equal(0, file.Read(6, bytes));
            file.Truncate(2);
            Assert.Equal(2, file.Length);
        }

        Assert.Equal(StorageFault.Exists, Assert.Throws<StorageException>(() => folder.Open("one", DurableOpen.CreateNew)).Fault);
        Assert.Equal(StorageFault.NotFound, Assert.Throws<StorageException>(() => folder.Open("two", DurableOpen.Existing)).Fault);
        Assert.Equal(StorageFault.NotFound, Assert.Throws<StorageException>(() => folder.Open("two", DurableOpen.ReadOnly)).Fault);
        Assert.Equal(StorageFault.NotFound, Assert.Throws<StorageException>(() => folder.Delete("two")).Fault);
        folder.HardLink("one", "link");
        folder.Rename("one", "two");
        folder.Sync();
        Assert.Equal(["link", "two"], folder.List());
        folder.Delete("link");
        Assert.False(folder.Exists("link"));
        Assert.True(folder.Exists("two"));
        Assert.Empty(root.List());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_atomic_file_is_replaced_whole(bool isReal)
    {
        var root = isReal ? new PosixDirectory(_path) : new SimulatedDisk(new Random(1)).Root;
        Assert.Null(AtomicFile.Read(root, "state"));
        AtomicFile.Write(root, "state", "a long first content"u8);
        AtomicFile.Write(root, "state", "second"u8);
        Assert.Equal("second"u8.ToArray(), AtomicFile.Read(root, "state"));
        Assert.Equal(["state"], root.List());
    }

    [Fact]
    public void An_atomic_file_is_old_or_new_after_a_cut_at_any_operation()
    {
        var seen = new HashSet<string>();
        for (var seed = 0; seed < 500; seed++)
        {
            var disk = new SimulatedDisk(new Random(seed));
            AtomicFile.Write(disk.Root, "state", "old"u8);
            disk.FailAt(1 + seed % 4, seed % 8 < 4 ? DiskOperation.Sync : DiskOperation.Write, StorageFault.Io);
            var isDone = true;
            try
            {
                AtomicFile.Write(disk.Root, "state", "new"u8);
            }
            catch (StorageException)
            {
                isDone = false;
            }

            disk.Cut();
            var text = Encoding.UTF8.GetString(AtomicFile.Read(disk.Root, "state")!);
            Assert.True(text == "new" || (text == "old" && !isDone), $"seed {seed}: '{text}' after done = {isDone}");
            seen.Add(text);
        }

        Assert.Equal(["new", "old"], seen.Order());
    }

    [Fact]
    public void Files_are_private_to_their_owner()
    {
        var root = new PosixDirectory(_path);
        AtomicFile.Write(root, "key", "secret"u8);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(Path.Combine(_path, "key")).UnixFileMode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    public void A_name_is_one_path_segment(string name)
    {
        Assert.Throws<ArgumentException>(() => new PosixDirectory(_path).Open(name, DurableOpen.OpenOrCreate));
    }

    [Fact]
    public async Task A_log_lives_on_the_real_disk()
    {
        var log = CommitLog.Open(new PosixDirectory(_path), new CommitLogOptions(), TimeProvider.System);
        var appends = Enumerable.Range(0, 1000).Select(i => log.AppendAsync(BitConverter.GetBytes(i), default).AsTask());
        await Task.WhenAll(appends);
        await log.DisposeAsync();

        await using var again = CommitLog.Open(new PosixDirectory(_path), new CommitLogOptions(), TimeProvider.System);
        Assert.Equal(Enumerable.Range(0, 1000), again.Read(1).Select(record => BitConverter.ToInt32(record.Payload.Span)));
    }

    [Fact]
    public void The_checksum_is_that_of_the_standard()
    {
        // RFC 3720, B.4: 32 bytes of zeros, 32 bytes of ones, and the usual check string.
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));
    }
}
