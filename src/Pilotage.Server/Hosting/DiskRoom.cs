using System.Diagnostics.Metrics;

namespace Pilotage.Server.Hosting;

/// <summary>How much room the disk of the data folder has left, held against two floors.</summary>
/// <remarks>
/// Below the first one only what devices send is taken; below the second one not even that, so that the catalogue, logs
/// and the machine itself still have room to act. A share of a large disk is much, so each floor is a number of bytes at most.
/// </remarks>
internal sealed class DiskRoom
{
    private const long LowBytesMax = 10L * 1024 * 1024 * 1024;
    private const long FloorBytesMax = 2L * 1024 * 1024 * 1024;
    private static readonly Meter Meter = new("Pilotage.Server.Disk");

    private readonly DataFolder _folder;
    private readonly ServerOptions _options;
    private volatile RoomState _state;
    private long _freeBytes;

    public DiskRoom(DataFolder folder, ServerOptions options)
    {
        (_folder, _options) = (folder, options);
        Meter.CreateObservableGauge("pilotage.disk.free", () => Interlocked.Read(ref _freeBytes), "By", "Room left on the disk of the data folder.");
        Look();
    }

    /// <summary>As of the last look.</summary>
    public RoomState State => _state;

    /// <summary>Looks again; true when that changed the state.</summary>
    public bool Look()
    {
        var (free, total) = _folder.Disk.Room(_folder.Root);
        Interlocked.Exchange(ref _freeBytes, free);
        var before = _state;
        _state = free < Floor(total, _options.DiskFloorPercent, FloorBytesMax) ? RoomState.Out
            : free < Floor(total, _options.DiskLowPercent, LowBytesMax) ? RoomState.Low
            : RoomState.Enough;
        return _state != before;
    }

    /// <summary>Whether so many bytes, written now and given back before long, leave the disk above the second floor.</summary>
    public bool HasRoomFor(long bytes)
    {
        var (free, total) = _folder.Disk.Room(_folder.Root);
        return free - bytes >= Floor(total, _options.DiskFloorPercent, FloorBytesMax);
    }

    /// <summary>What it says of itself; null while there is enough.</summary>
    public string? Words()
    {
        var free = $"only {Interlocked.Read(ref _freeBytes) / 1e6:0} MB of the disk are free";
        return _state switch
        {
            RoomState.Out => $"{free}, less than {_options.DiskFloorPercent} %: nothing that devices send is stored until there is space again; reads work",
            RoomState.Low => $"{free}, less than {_options.DiskLowPercent} %: no training and no dataset begins until there is space again",
            _ => null,
        };
    }

    private static double Floor(long total, double percent, long most) => Math.Min(total * percent / 100, most);
}

/// <summary>How a disk stands against its floors.</summary>
internal enum RoomState
{
    /// <summary>Above both.</summary>
    Enough,

    /// <summary>What can wait does.</summary>
    Low,

    /// <summary>Nothing more is taken from devices.</summary>
    Out,
}
