using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker;

/// <summary>One session as operators see it.</summary>
/// <param name="Identity">Who; of a session restored after a restart only tenant and client id are known.</param>
/// <param name="Connected">Whether it has a connection now.</param>
/// <param name="Version">Version of the present or last connection.</param>
/// <param name="Subscriptions">How many.</param>
/// <param name="Queued">Messages waiting, those in flight included.</param>
/// <param name="Dropped">Messages lost to a full queue since the session began.</param>
public sealed record ClientView(
    ClientIdentity Identity, bool Connected, MqttVersion Version, int Subscriptions, int Queued, long Dropped);
