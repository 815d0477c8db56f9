using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Pilotage.Broker;

namespace Pilotage.Server.Fabric.Link;

/// <summary>Messages to our own gateway whose topic is none of ours and that no mapping takes: counted, told to whoever sent them, and in the log now and then.</summary>
internal sealed partial class UnmappedPublishes
{
    // A device that was set up wrongly says so with every message; one line a minute is enough to see which.
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);
    private const int ShownChars = 200;
    private readonly TimeProvider _time;
    private readonly ILogger<UnmappedPublishes> _logger;
    private readonly Counter<long> _refused;
    private readonly Lock _gate = new();
    private long? _lastLogged;
    private long _unlogged;

    public UnmappedPublishes(TimeProvider time, IMeterFactory meters, ILogger<UnmappedPublishes> logger)
    {
        (_time, _logger) = (time, logger);
        _refused = meters.Create("Pilotage.Server").CreateCounter<long>(
            "pilotage.gateway.messages.unmapped", "{message}", "Messages of devices to our own gateway that were refused because their topic is none of ours and no mapping takes it.");
        _refused.Add(0);
    }

    /// <summary>Takes note of a message that is refused; what its sender is told.</summary>
    public string Refuse(ClientIdentity who, string topic)
    {
        _refused.Add(1);
        var shown = Shown(topic);
        if (Unlogged() is { } before)
        {
            Log.Refused(_logger, who.ClientId, who.Tenant, shown, before);
        }

        return $"{shown} is no topic of a device here ({who.Tenant}/SITE/DEVICE/_tele is one), and no mapping with gateway: true takes it; publish there, or add one with: pilotage mapping add FILE";
    }

    /// <summary>How many were not told since the last line; null where it is too early for another.</summary>
    private long? Unlogged()
    {
        lock (_gate)
        {
            if (_lastLogged is { } last && _time.GetElapsedTime(last) < Quiet)
            {
                _unlogged++;
                return null;
            }

            (_lastLogged, var before) = (_time.GetTimestamp(), _unlogged);
            _unlogged = 0;
            return before;
        }
    }

    // Whoever sends a line break must not write a line of the log.
    private static string Shown(string topic) => topic.Any(char.IsControl) ? "a topic with control characters" : topic.Length <= ShownChars ? topic : topic[..ShownChars] + "…";

    private static partial class Log
    {
        [LoggerMessage(3102, LogLevel.Warning, "A message of client {ClientId} of {Tenant} was refused: {Topic} is no topic of a device here, and no mapping with gateway: true takes it ({Before} more like it since the last line).")]
        public static partial void Refused(ILogger logger, string clientId, TenantId tenant, string topic, long before);
    }
}
