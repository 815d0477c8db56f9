using System.Text.Json;
using Microsoft.Extensions.Logging;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Core.Durability;

namespace Pilotage.Edge.Link;

/// <summary>What a metered link may carry: so many bytes a day, counted by UTC and kept across restarts, and so many a second. Alerts and events are counted and never wait.</summary>
/// <remarks>The day is that of the clock, forwards or backwards: a clock that jumps begins a new one, and none waits for a day that does not come.</remarks>
internal sealed partial class UplinkBudget
{
    // The MQTT header, topic and content type of a batch, and its TLS records.
    private const int FrameBytes = 128;
    private const string FileName = "uplink";
    private const int FileBytes = 2 * sizeof(long);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(1);
    private readonly IDurableDirectory _directory;
    private readonly long _bytesPerDay;
    private readonly long _bytesPerSecond;
    private readonly Func<ForwardedMessage, ValueTask> _tell;
    private readonly string _edgePath;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private long _day;
    private long _used;
    private long _toldDay = -1;

    /// <param name="directory">Holds the count of the day.</param>
    /// <param name="options">The bounds; 0 for none.</param>
    /// <param name="edgePath">Whose link it is.</param>
    /// <param name="tell">Takes the event that the day is used up, once a day.</param>
    /// <param name="time">Its wall clock decides the day.</param>
    /// <param name="logger">One line a day.</param>
    public UplinkBudget(
        IDurableDirectory directory, EdgeOptions options, string edgePath, Func<ForwardedMessage, ValueTask> tell, TimeProvider time, ILogger logger)
    {
        (_directory, _bytesPerDay, _bytesPerSecond, _edgePath, _tell, _time, _logger) =
            (directory, options.UplinkBytesPerDay, options.UplinkBytesPerSecond, edgePath, tell, time, logger);
        if (_bytesPerDay > 0 && AtomicFile.Read(directory, FileName) is { Length: FileBytes } known)
        {
            (_day, _used) = (BitConverter.ToInt64(known), BitConverter.ToInt64(known, sizeof(long)));
        }
    }

    /// <summary>Bytes of this day so far.</summary>
    public long UsedToday
    {
        get
        {
            lock (_gate)
            {
                return _day == Today ? _used : 0;
            }
        }
    }

    private long Today => _time.GetUtcNow().UtcTicks / TimeSpan.TicksPerDay;

    /// <summary>Counts a batch that is about to be sent; completes when it may be.</summary>
    /// <param name="payloadBytes">Its size, without the frame.</param>
    /// <param name="isUrgent">Whether it is counted alone, and goes whatever is left.</param>
    /// <param name="cancellation">Ends the wait; nothing is counted then.</param>
    public async ValueTask TakeAsync(int payloadBytes, bool isUrgent, CancellationToken cancellation)
    {
        var bytes = (long)payloadBytes + FrameBytes;
        while (_bytesPerDay > 0 && !TryTake(bytes, isUrgent))
        {
            await TellAsync();
            await Task.Delay(LookAgain, _time, cancellation);
        }

        if (_bytesPerSecond > 0 && !isUrgent)
        {
            await Task.Delay(TimeSpan.FromSeconds((double)bytes / _bytesPerSecond), _time, cancellation);
        }
    }

    private bool TryTake(long bytes, bool isUrgent)
    {
        lock (_gate)
        {
            var today = Today;
            var used = today == _day ? _used : 0;

            // A batch beyond the whole day goes when the day begins: it would wait for ever.
            if (!isUrgent && used > 0 && used + bytes > _bytesPerDay)
            {
                return false;
            }

            (_day, _used) = (today, used + bytes);
            Span<byte> file = stackalloc byte[FileBytes];
            BitConverter.TryWriteBytes(file, _day);
            BitConverter.TryWriteBytes(file[sizeof(long)..], _used);
            try
            {
                AtomicFile.Write(_directory, FileName, file);
            }
            catch (IOException failure)
            {
                // What is sent makes room on a disk that has none; the count is kept in memory until then.
                Log.Uncounted(_logger, failure.Message);
            }

            return true;
        }
    }

    private async ValueTask TellAsync()
    {
        if (_toldDay == Today)
        {
            return;
        }

        _toldDay = Today;
        var now = _time.GetUtcNow();
        Log.UsedUp(_logger, UsedToday, _bytesPerDay);
        var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("specversion", "1.0");
            writer.WriteString("id", $"uplink-{_toldDay}");
            writer.WriteString("source", "/" + _edgePath);
            writer.WriteString("type", "uplink.used_up");
            writer.WriteString("time", now.UtcDateTime);
            writer.WriteStartObject("data");
            writer.WriteNumber("bytes", UsedToday);
            writer.WriteNumber("bytesPerDay", _bytesPerDay);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        await _tell(new ForwardedMessage(0, (now.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick, TopicPath.Of(_edgePath, TopicClass.Event, "uplink.used_up"), json.ToArray())
        {
            ContentType = "application/cloudevents+json",
        });
    }

    private static partial class Log
    {
        [LoggerMessage(5115, LogLevel.Warning, "The uplink's bytes of this day could not be written down ({Why}); after a restart some of them count no more")]
        public static partial void Uncounted(ILogger logger, string why);

        [LoggerMessage(5114, LogLevel.Warning, "The uplink's bytes of this day are used up ({Used} of {BytesPerDay}): telemetry and clips wait in the buffer until 00:00 UTC, alerts and events go on")]
        public static partial void UsedUp(ILogger logger, long used, long bytesPerDay);
    }
}
