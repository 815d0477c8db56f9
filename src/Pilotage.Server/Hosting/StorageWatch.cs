using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pilotage.Core.Durability;

namespace Pilotage.Server.Hosting;

/// <summary>Says when a disk is full and when it has space again, and ends a server whose storage has failed.</summary>
/// <remarks>
/// A failed write or sync leaves open what the disk holds; only recovery, which reads the log back, knows. So the server
/// goes on answering reads for <see cref="ServerOptions.FailureNotice"/>, saying why, and then ends to be started anew.
/// </remarks>
internal sealed partial class StorageWatch(
    IEnumerable<IStorage> storages,
    DataFolder folder,
    DiskRoom room,
    ServerOptions options,
    TimeProvider time,
    IHostApplicationLifetime host,
    ILogger<StorageWatch> logger) : BackgroundService, IHealthCheck
{
    private const string RoomFile = "room.probe";

    // What has to fit before the disk counts as having space again: the last block of a file takes a small record any time.
    private const int RoomBytes = 256 * 1024;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private readonly IReadOnlyList<IStorage> _storages = [.. storages];
    private volatile bool _isFull;

    /// <summary>What failed for good; null while nothing has.</summary>
    public string? Failure => _storages.Select(storage => storage.Failure).FirstOrDefault(failure => failure is not null);

    public string Name => "storage";

    public string? WhyNot()
    {
        if (Failure is { } failure)
        {
            return $"{failure} Nothing more is acknowledged; the server ends, and opens its data anew when it is started again.";
        }

        return _isFull || _storages.Any(storage => storage.IsFull)
            ? "the disk is full: nothing is stored until there is space again; reads work"
            : room.State == RoomState.Out ? room.Words() : null;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (Failure is { } failure)
            {
                Log.Failed(logger, failure, options.FailureNotice);
                await Task.Delay(options.FailureNotice, time, stoppingToken);
                host.StopApplication();
                return;
            }

            LookAtRoom();
            await LookForSpaceAsync(stoppingToken);
        }
    }

    private void LookAtRoom()
    {
        try
        {
            if (!room.Look())
            {
                return;
            }
        }
        catch (IOException)
        {
            // Whatever is the matter with the disk, the storages will say.
            return;
        }

        if (room.Words() is { } words)
        {
            Log.Scarce(logger, words, folder.Root);
        }
        else
        {
            Log.RoomAgain(logger, folder.Root);
        }
    }

    private async ValueTask LookForSpaceAsync(CancellationToken stopping)
    {
        if (!_isFull && _storages.Any(storage => storage.IsFull))
        {
            _isFull = true;
            Log.Full(logger, folder.Root);
        }
        else if (_isFull && HasRoom() && await AllTakeAsync(stopping))
        {
            _isFull = false;
            Log.SpaceAgain(logger, folder.Root);
        }
    }

    private bool HasRoom()
    {
        try
        {
            using (var file = folder.Files.Open(RoomFile, DurableOpen.OpenOrCreate))
            {
                file.Write(0, new byte[RoomBytes]);
                file.Sync();
            }

            folder.Files.Delete(RoomFile);
            return true;
        }
        catch (StorageException)
        {
            GiveBack();
            return false;
        }
    }

    private void GiveBack()
    {
        try
        {
            folder.Files.Delete(RoomFile);
        }
        catch (StorageException)
        {
            // It was never made; if it is there all the same, the next try takes it over.
        }
    }

    /// <summary>Asks those that refused something; without traffic they would not find out by themselves.</summary>
    private async ValueTask<bool> AllTakeAsync(CancellationToken stopping)
    {
        try
        {
            foreach (var storage in _storages.Where(storage => storage.IsFull))
            {
                await storage.ProbeAsync(stopping);
            }

            return true;
        }
        catch (IOException)
        {
            // Still full, or failed meanwhile, which the next tick reports.
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3000, LogLevel.Critical, "{Failure} Nothing more is acknowledged; the server ends in {Notice} to be started anew.")]
        public static partial void Failed(ILogger logger, string failure, TimeSpan notice);

        [LoggerMessage(3001, LogLevel.Error, "The disk is full: nothing is stored in {Folder} until there is space again. Reads work.")]
        public static partial void Full(ILogger logger, string folder);

        [LoggerMessage(3003, LogLevel.Warning, "{Words} ({Folder}).")]
        public static partial void Scarce(ILogger logger, string words, string folder);

        [LoggerMessage(3004, LogLevel.Information, "The disk of {Folder} has room enough again.")]
        public static partial void RoomAgain(ILogger logger, string folder);

        [LoggerMessage(3002, LogLevel.Information, "There is space again: messages are stored in {Folder}.")]
        public static partial void SpaceAgain(ILogger logger, string folder);
    }
}
