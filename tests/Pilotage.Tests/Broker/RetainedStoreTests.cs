using Pilotage.Broker.Sessions;
using Pilotage.Broker.Topics;
using Pilotage.Protocols.Mqtt;
using Xunit;

namespace Pilotage.Tests.Broker;

public sealed class RetainedStoreTests
{
    [Fact]
    public void Finds_what_plain_matching_finds()
    {
        var random = new Random(5);
        string[] levels = ["a", "b", "", "$x"];
        var store = new RetainedStore();
        var topics = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 200; i++)
        {
            var topic = string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => levels[random.Next(4)]));
            if (topic.Length > 0)
            {
                topics.Add(topic);
                store.Set(Message(topic, (ulong)i));
            }
        }

        Assert.Equal(topics.Count, store.Count);
        foreach (var filter in (string[])["#", "+", "a/#", "+/b", "a/+/b", "$x/#", "/", "+/+/#", "a", "//#"])
        {
            var found = new List<StoredMessage>();
            store.Match(filter, 0, found);
            var expected = topics.Where(t => MqttTopic.Matches(filter, t)).Order(StringComparer.Ordinal);
            Assert.Equal(expected, found.Select(m => m.Topic).Order(StringComparer.Ordinal));
        }

        foreach (var topic in topics)
        {
            store.Remove(topic);
        }

        Assert.Equal((0, 0L), (store.Count, store.Bytes));
    }

    [Fact]
    public void An_expired_message_is_neither_found_nor_kept()
    {
        var store = new RetainedStore();
        store.Set(new(1, new MqttMessage { Topic = "a", Payload = new byte[3], ExpirySeconds = 10 }, sinceNs: 0));
        var found = new List<StoredMessage>();
        store.Match("#", 9_999_999_999, found);
        Assert.Single(found);

        found.Clear();
        store.Match("#", 10_000_000_000, found);
        Assert.Empty(found);
        Assert.Equal(0, store.Count);
    }

    private static StoredMessage Message(string topic, ulong id) => new(id, new MqttMessage { Topic = topic, Payload = new byte[3] }, 0);
}
