using Pilotage.Broker.Topics;

namespace Pilotage.Broker.Sessions;

/// <summary>The subscriptions that match a topic, at a state of the trie.</summary>
/// <param name="Topic">Compared by reference: a connection keeps the string of the topic it publishes to.</param>
/// <param name="Changes">The trie's count.</param>
/// <param name="By">What matches.</param>
internal sealed record Hearers(string Topic, ulong Changes, SubscriptionTrie<Session>.Entry[] By);
