using Pilotage.Broker.Topics;
using Pilotage.Protocols.Mqtt;
using Xunit;

namespace Pilotage.Tests.Broker;

public sealed class SubscriptionTrieTests
{
    [Fact]
    public void Finds_what_plain_matching_finds()
    {
        var random = new Random(3);
        string[] levels = ["a", "b", "", "$x", "+", "#"];
        var trie = new SubscriptionTrie<object>();
        var filters = new Dictionary<object, string>();
        for (var i = 0; i < 300; i++)
        {
            var filter = string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => levels[random.Next(levels.Length)]));
            if (MqttTopic.IsValidFilter(filter))
            {
                var owner = new object();
                filters.Add(owner, filter);
                Assert.True(trie.Set(owner, new(filter, 1, false, false, 0, null)));
            }
        }

        for (var i = 0; i < 2_000; i++)
        {
            var topic = string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => levels[random.Next(4)]));
            if (topic.Length == 0)
            {
                continue;
            }

            var found = new List<SubscriptionTrie<object>.Entry>();
            trie.Match(topic, found);
            var expected = filters.Where(f => MqttTopic.Matches(f.Value, topic)).Select(f => f.Key).ToHashSet();
            Assert.Equal(expected.Count, found.Count);
            Assert.True(expected.SetEquals(found.Select(f => f.Owner)), $"topic {topic}");
        }

        foreach (var (owner, filter) in filters)
        {
            Assert.True(trie.Remove(owner, filter));
            Assert.False(trie.Remove(owner, filter));
        }

        Assert.Equal(0, trie.Count);
    }

    [Fact]
    public void A_second_subscription_to_the_same_filter_replaces_the_first()
    {
        var trie = new SubscriptionTrie<object>();
        var owner = new object();
        trie.Set(owner, new("a", 0, false, false, 0, null));
        Assert.False(trie.Set(owner, new("a", 1, false, false, 0, null)));

        var found = new List<SubscriptionTrie<object>.Entry>();
        trie.Match("a", found);
        Assert.Equal(1, Assert.Single(found).Subscription.Qos);
    }
}
