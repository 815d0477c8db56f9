using Pilotage.Server.Hosting;
using Xunit;

namespace Pilotage.Tests.Server.Hosting;

/// <summary>The floors under a disk: one byte above, at the floor, one below.</summary>
public sealed class DiskRoomTests : IDisposable
{
    private const long Small = 1_000_000;
    private const long Large = 10_000_000_000_000;
    private const long Gibibyte = 1024 * 1024 * 1024;
    private readonly string _folder = Directory.CreateTempSubdirectory("pilotage-room-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(100_001, Small, nameof(RoomState.Enough))]
    [InlineData(100_000, Small, nameof(RoomState.Enough))]
    [InlineData(99_999, Small, nameof(RoomState.Low))]
    [InlineData(30_000, Small, nameof(RoomState.Low))]
    [InlineData(29_999, Small, nameof(RoomState.Out))]
    [InlineData(10 * Gibibyte, Large, nameof(RoomState.Enough))]
    [InlineData((10 * Gibibyte) - 1, Large, nameof(RoomState.Low))]
    [InlineData((2 * Gibibyte) - 1, Large, nameof(RoomState.Out))]
    public void Is_a_share_of_the_disk_and_of_a_large_one_a_number_of_bytes(long free, long total, string state) =>
        Assert.Equal(state, RoomOf(free, total, new ServerOptions { DataFolder = _folder }).State.ToString());

    [Fact]
    public void Can_be_switched_off()
    {
        var room = RoomOf(0, Small, new ServerOptions { DataFolder = _folder, DiskFloorPercent = 0, DiskLowPercent = 0 });
        Assert.Equal(RoomState.Enough, room.State);
        Assert.Null(room.Words());
    }

    private DiskRoom RoomOf(long free, long total, ServerOptions options)
    {
        using var folder = DataFolder.Open(_folder, new Disk { Room = _ => (free, total) }).Value;
        return new(folder, options);
    }
}
