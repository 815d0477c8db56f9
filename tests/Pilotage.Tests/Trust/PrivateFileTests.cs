using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.Trust;
using Xunit;

namespace Pilotage.Tests.Trust;

/// <summary>Keys and certificates are there after a power cut, or were never used: on a disk that forgets what was not synced.</summary>
public sealed class PrivateFileTests : IDisposable
{
    private const string KeyFile = "signing.key";
    private readonly string _path = Directory.CreateTempSubdirectory("pilotage-private-").FullName;

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Fact]
    public void Keys_that_were_handed_out_survive_a_power_cut()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            Assert.True(SurvivesCut(new SimulatedDisk(new Random(seed))), $"seed {seed}");
        }
    }

    [Fact]
    public void The_same_check_reports_loss_when_syncing_is_switched_off()
    {
        var lost = Enumerable.Range(0, 20).Count(seed => !SurvivesCut(new SimulatedDisk(new Random(seed)) { IgnoresSync = true }));
        Assert.True(lost > 10, $"only {lost} of 20 disks without syncing lost a key: the check is blind");
    }

    [Theory]
    [InlineData(DiskOperation.Write, StorageFault.Full)]
    [InlineData(DiskOperation.Sync, StorageFault.Io)]
    public void A_start_that_fails_or_loses_power_half_way_leaves_a_folder_that_opens(DiskOperation operation, StorageFault fault)
    {
        for (var k = 1; k <= 6; k++)
        {
            var disk = new SimulatedDisk(new Random(k));
            disk.FailAt(k, operation, fault);
            _ = Record.Exception(() => Open(disk).Dispose());
            disk.Cut();
            using var authority = Open(disk);
            using var again = Open(disk);
            Assert.Equal(authority.Fingerprint, again.Fingerprint);
        }
    }

    [Fact]
    public void An_old_content_stands_until_the_new_one_is_safe()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var disk = new SimulatedDisk(new Random(seed));
            PrivateFile.Write(disk.Root, KeyFile, "old");
            disk.FailAt((seed % 2) + 1, DiskOperation.Sync, StorageFault.Io);
            Assert.Throws<StorageException>(() => PrivateFile.Write(disk.Root, KeyFile, "new"));
            disk.Cut();
            Assert.Contains(PrivateFile.Read(disk.Root, KeyFile), (string?[])["old", "new"]);
        }
    }

    [Fact]
    public void A_half_written_file_that_others_may_read_is_not_written_on()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var left = Path.Combine(_path, KeyFile + AtomicFile.TemporarySuffix);
        File.WriteAllText(left, "left by a crash");
        File.SetUnixFileMode(left, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        PrivateFile.Write(new PosixDirectory(_path), KeyFile, "secret");
        Assert.False(PrivateFile.IsReadableByOthers(Path.Combine(_path, KeyFile)));
        Assert.Equal("secret", File.ReadAllText(Path.Combine(_path, KeyFile)));
    }

    private static bool SurvivesCut(SimulatedDisk disk)
    {
        using var authority = Open(disk);
        using var signing = SigningKey.OpenOrCreate(disk.Root, KeyFile).Value;
        disk.Cut();
        return TryOpen(disk).TryGet(out var authorityAfter, out _)
            && SigningKey.OpenOrCreate(disk.Root, KeyFile).TryGet(out var signingAfter, out _)
            && authority.Fingerprint == authorityAfter.Fingerprint
            && signing.KeyId == signingAfter.KeyId;
    }

    private static CertificateAuthority Open(SimulatedDisk disk) => TryOpen(disk).Value;

    private static Outcome<CertificateAuthority> TryOpen(SimulatedDisk disk) =>
        CertificateAuthority.OpenOrCreate(disk.Root, new CertificateAuthorityOptions(), TimeProvider.System);
}
