using Microsoft.Extensions.Logging;
using Pilotage.Core;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <content>One line for each thing that happened to a connection; nothing for a message.</content>
internal sealed partial class ClientConnection
{
    private static partial class Log
    {
        [LoggerMessage(
            2100,
            LogLevel.Information,
            "Client {ClientId} of {Tenant} connected as {Role} by {Listener} from {Remote} ({Version}, session present: {Present}).")]
        public static partial void Connected(
            ILogger logger,
            TenantId tenant,
            string clientId,
            string role,
            string listener,
            object remote,
            MqttVersion version,
            bool present);

        [LoggerMessage(
            2102, LogLevel.Information, "Client {ClientId} of {Tenant} is gone from {Listener}, {Remote}: {Reason}, {Why}.")]
        public static partial void Disconnected(
            ILogger logger, TenantId tenant, string clientId, string listener, object remote, MqttReason reason, string why);

        [LoggerMessage(2103, LogLevel.Error, "A connection of {Listener} ended in a fault.")]
        public static partial void Faulted(ILogger logger, string listener, Exception fault);

        [LoggerMessage(2104, LogLevel.Error, "The host could not take a message in.")]
        public static partial void HookFailed(ILogger logger, Exception fault);

        [LoggerMessage(2106, LogLevel.Error, "The session of client {ClientId} could not be stored.")]
        public static partial void SessionNotStored(ILogger logger, string clientId, Exception fault);
    }
}
