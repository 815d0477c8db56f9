using System.Net;
using Pilotage.Broker;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Link;

/// <summary>What the server's options mean for its broker.</summary>
internal static class BrokerSettings
{
    public static BrokerOptions Of(ServerOptions server, IServerTls tls) =>
        LimitsOf(server.Limits) with
        {
            Listeners = ListenersOf(server, tls),
            DrainTimeout = server.DrainTimeout,
            MemoryMax = ProcessMemory.BytesOf(server),
            PublishesPerSecond = server.PublishesPerSecond,
            PublishBurst = Math.Max(1, 4 * server.PublishesPerSecond),
        };

    private static BrokerOptions LimitsOf(BrokerLimits limits) => limits switch
    {
        BrokerLimits.Bench => new()
        {
            ReceiveMaximum = 1024,
            InflightMax = 1024,
            OutboundPacketsMax = 1_000_000,
            OutboundBytesMax = 256 * 1024 * 1024,
            QueuedMessagesMax = 2_000_000,
            QueuedBytesMax = int.MaxValue,
            RetainedMessagesMax = 2_000_000,
            RetainedBytesMax = 4L * 1024 * 1024 * 1024,
            SubscriptionsMax = 1000,
            ConnectionsMax = 100_000,
            ConnectsPerSecond = 0,
            HalfOpenPerAddressMax = 100_000,
        },
        BrokerLimits.Interop => new()
        {
            KeepAliveMin = TimeSpan.FromSeconds(1),
            KeepAliveMax = TimeSpan.FromSeconds(60),
            AllowsDollarTopics = true,
            ConnectsPerSecond = 0,
        },
        _ => new(),
    };

    private static List<ListenerOptions> ListenersOf(ServerOptions server, IServerTls tls)
    {
        var listeners = new List<ListenerOptions>();
        void Add(string name, IPEndPoint? at, bool secure, WebSocketListenerOptions? webSocket)
        {
            if (at is not null)
            {
                listeners.Add(new ListenerOptions
                {
                    Name = name,
                    EndPoint = at,
                    Tls = secure ? new TlsListenerOptions { Certificate = () => tls.Certificate, Chain = tls.Chain } : null,
                    Insecure = !secure,
                    WebSocket = webSocket,
                    Acks = server.Acks == AckTiming.Memory ? AckPolicy.Memory : AckPolicy.Durable,
                });
            }
        }

        Add(ServerBrokerHooks.SecureListener, server.Mqtts, secure: true, webSocket: null);
        Add(ServerBrokerHooks.SecureWebListener, server.Wss, secure: true, new());
        Add(ServerBrokerHooks.OpenListener, server.Mqtt, secure: false, webSocket: null);
        Add(ServerBrokerHooks.OpenWebListener, server.Ws, secure: false, new());
        return listeners;
    }
}
