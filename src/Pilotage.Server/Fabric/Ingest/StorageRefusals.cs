using Microsoft.Extensions.Logging;
using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>What a publisher is told when its message could not be stored, and what the operator is.</summary>
internal sealed partial class StorageRefusals(TimeProvider time, ILogger<StorageRefusals> logger)
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);
    private long _loggedAt;

    /// <summary>A full disk heals, and is told of elsewhere; what else a store refuses with goes into the log.</summary>
    public PublishDecision Of(Exception failure)
    {
        if (StorageFaults.IsFull(failure))
        {
            return PublishDecision.Refused(MqttReason.QuotaExceeded, "the disk is full; nothing is stored until there is space again");
        }

        if (MayLog())
        {
            Log.NotStored(logger, failure);
        }

        return PublishDecision.Refused(MqttReason.UnspecifiedError, "the message could not be stored");
    }

    /// <summary>Every message meets a storage that failed; one line in a while says it as well as thousands.</summary>
    private bool MayLog()
    {
        var now = time.GetTimestamp();
        var last = Interlocked.Read(ref _loggedAt);
        return (last == 0 || time.GetElapsedTime(last, now) >= LogInterval) && Interlocked.CompareExchange(ref _loggedAt, now, last) == last;
    }

    private static partial class Log
    {
        [LoggerMessage(3101, LogLevel.Error, "Messages could not be stored and were not acknowledged.")]
        public static partial void NotStored(ILogger logger, Exception failure);
    }
}
