using System.Net;
using Microsoft.Extensions.Logging;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <summary>
/// The log lines of connections that did not come in. Whoever knocks decides how many there are, so each cause has a bounded
/// number of lines in a minute, one for each client at an address and reason; the rest is counted and told at the minute's end.
/// </summary>
internal sealed partial class RefusalLog(BrokerOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>Lines of one cause in a window: enough to see who they are, too few to fill a disk.</summary>
    public const int LinesMax = 20;

    private const string Refusals = "refused";
    private const string Handshakes = "handshake";

    /// <summary>How long a client that was named once is only counted.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Told> _causes = new(StringComparer.Ordinal);
    private long _began = time.GetTimestamp();

    /// <summary>A connection was turned away before it was known, or whoever it was.</summary>
    public void TurnedAway(TurnAway cause, string listener, EndPoint? remote, string clientId = "")
    {
        var name = BrokerMetrics.NameOf(cause);
        BrokerMetrics.TurnedAway(name);
        if (IsToBeTold(name, remote, clientId, MqttReason.Success))
        {
            Log.TurnedAway(logger, clientId, From(remote), listener, name, WordsOf(cause));
        }
    }

    /// <summary>A CONNECT was refused.</summary>
    public void Refused(string clientId, string listener, EndPoint? remote, MqttReason reason, string why)
    {
        if (IsToBeTold(Refusals, remote, clientId, reason))
        {
            Log.Refused(logger, clientId, listener, From(remote), reason, why);
        }
    }

    /// <summary>A TLS handshake was refused.</summary>
    public void RefusedHandshake(string listener, EndPoint? remote, string why)
    {
        if (IsToBeTold(Handshakes, remote, "", MqttReason.NotAuthorized))
        {
            Log.RefusedHandshake(logger, listener, From(remote), why);
        }
    }

    /// <summary>Tells what was left out, when a window is over.</summary>
    public void Sweep()
    {
        lock (_gate)
        {
            EndWindow(isForced: false);
        }
    }

    /// <summary>Tells what was left out so far; the broker stops.</summary>
    public void End()
    {
        lock (_gate)
        {
            EndWindow(isForced: true);
        }
    }

    private static object From(EndPoint? remote) => (object?)remote ?? "a Unix socket";

    private string WordsOf(TurnAway cause) => cause switch
    {
        TurnAway.Connections => $"there are {options.ConnectionsMax} connections, the most there may be",
        TurnAway.HalfOpen => $"{options.HalfOpenPerAddressMax} connections of its address have not come in yet",
        TurnAway.FailedConnects => $"its address was refused more than {options.FailedConnectsPerSecondMax} times in a second",
        TurnAway.ConnectRate => $"more than {options.ConnectsPerSecond} clients of its tenant come in within a second",
        _ => "the server is short of memory and makes no new sessions",
    };

    /// <summary>The lock is held while a line is written, so that lines and counts agree; there are few.</summary>
    private bool IsToBeTold(string cause, EndPoint? remote, string clientId, MqttReason reason)
    {
        lock (_gate)
        {
            EndWindow(isForced: false);
            if (!_causes.TryGetValue(cause, out var told))
            {
                _causes.Add(cause, told = new());
            }

            var address = remote is IPEndPoint { Address: var ip } ? Admission.NetworkOf(ip) : null;
            if (told.Clients.Count < LinesMax && told.Clients.Add((address, clientId, reason)))
            {
                return true;
            }

            told.LeftOut++;
            return false;
        }
    }

    private void EndWindow(bool isForced)
    {
        var lasted = time.GetElapsedTime(_began);
        if (!isForced && lasted < Window)
        {
            return;
        }

        foreach (var (cause, told) in _causes)
        {
            if (told.LeftOut > 0)
            {
                Log.LeftOut(logger, told.LeftOut, cause, Math.Ceiling(lasted.TotalSeconds));
            }
        }

        _causes.Clear();
        _began = time.GetTimestamp();
    }

    private sealed class Told
    {
        public HashSet<(IPAddress? Network, string ClientId, MqttReason Reason)> Clients { get; } = [];

        public long LeftOut { get; set; }
    }

    private static partial class Log
    {
        /// <summary>The client id is what CONNECT claimed, empty before it came.</summary>
        [LoggerMessage(
            2101, LogLevel.Warning, "Client \"{ClientId}\" at {Remote} was refused by {Listener}: {Reason}, {Why}.")]
        public static partial void Refused(
            ILogger logger, string clientId, string listener, object remote, MqttReason reason, string why);

        [LoggerMessage(2122, LogLevel.Information, "Listener {Listener} refused the TLS handshake of {Remote}: {Why}.")]
        public static partial void RefusedHandshake(ILogger logger, string listener, object remote, string why);

        [LoggerMessage(
            2107, LogLevel.Warning, "Client \"{ClientId}\" at {Remote} was turned away by {Listener}: {Cause}, {Why}.")]
        public static partial void TurnedAway(
            ILogger logger, string clientId, object remote, string listener, string cause, string why);

        [LoggerMessage(
            2108, LogLevel.Warning, "{Count} more connections did not come in ({Cause}) within {Seconds} s; each client is named once a minute, {LinesMax} at most.")]
        public static partial void LeftOut(ILogger logger, long count, string cause, double seconds, int linesMax = LinesMax);
    }
}
