using System.Net;
using Microsoft.Extensions.Logging;

namespace Pilotage.Broker;

/// <content>The operator's timeline.</content>
public sealed partial class MqttBroker
{
    private static partial class Log
    {
        [LoggerMessage(2150, LogLevel.Information, "Listener {Listener} is open at {EndPoint}.")]
        public static partial void Listening(ILogger logger, string listener, EndPoint endPoint);

        [LoggerMessage(
            2151,
            LogLevel.Warning,
            "Listener {Listener} at {EndPoint} is INSECURE: no encryption, whoever reaches this machine's loopback gets in.")]
        public static partial void Insecure(ILogger logger, string listener, EndPoint endPoint);

        [LoggerMessage(2152, LogLevel.Information, "{Sessions} sessions are back from the session log.")]
        public static partial void Restored(ILogger logger, int sessions);

        [LoggerMessage(
            2153, LogLevel.Error, "{Records} records of the session log could not be read and are left out.")]
        public static partial void Unreadable(ILogger logger, int records);

        [LoggerMessage(2154, LogLevel.Error, "The session log could not be rewritten; it goes on growing.")]
        public static partial void CompactionFailed(ILogger logger, Exception fault);

        [LoggerMessage(
            2157, LogLevel.Warning, "The process stood still for {Standstill}; no client is cut for its silence of that time.")]
        public static partial void Standstill(ILogger logger, TimeSpan standstill);

        [LoggerMessage(
            2158,
            LogLevel.Warning,
            "This process may have {Descriptors} file descriptors, too few for {Connections} connections; about {Possible} will find "
            + "room. Raise the limit (ulimit -n, LimitNOFILE=) or lower ConnectionsMax.")]
        public static partial void FewDescriptors(ILogger logger, int descriptors, int connections, int possible);

        [LoggerMessage(2156, LogLevel.Warning, "Connections did not drain within {Limit} and are cut.")]
        public static partial void DrainTimedOut(ILogger logger, TimeSpan limit);
    }
}
