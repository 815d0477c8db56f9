using System.Text;
using Pilotage.Core;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Fabric.Unmapped;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Unmapped;

public sealed class UnmappedBookTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();

    private UnmappedBook Book => _server.Get<UnmappedBook>();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public void Keeps_the_newest_messages_of_a_topic_and_counts_all()
    {
        for (var i = 0; i < 8; i++)
        {
            Add("a/b", $"{i}", atNs: i);
        }

        var topic = Assert.Single(Book.All(Acme, null));
        Assert.Equal((8, 0, 7, "no rule"), (topic.Messages, topic.FirstNs, topic.LastNs, topic.Why));
        Assert.Equal(["3", "4", "5", "6", "7"], topic.Samples.Select(sample => Encoding.UTF8.GetString(sample.Payload.Span)));
        Assert.Empty(Book.All(new TenantId("other"), null));
        Assert.Empty(Book.All(Acme, "other"));
    }

    [Fact]
    public void The_topic_that_was_quiet_longest_goes_first()
    {
        for (var i = 0; i < UnmappedBook.TopicsMax; i++)
        {
            Add($"t/{i}", "1", atNs: i);
        }

        Add("t/0", "1", atNs: 5_000);
        Add("t/new", "1", atNs: 5_001);
        var topics = Book.All(Acme, null).Select(topic => topic.Topic).ToHashSet();
        Assert.Equal(UnmappedBook.TopicsMax, topics.Count);
        Assert.True(topics.Contains("t/0") && topics.Contains("t/new") && !topics.Contains("t/1"));
    }

    [Fact]
    public void Long_messages_are_cut_and_all_together_stay_within_their_bytes()
    {
        for (var i = 0; i < 900; i++)
        {
            for (var again = 0; again < 5; again++)
            {
                Add($"t/{i}", new string('x', 3 * UnmappedBook.SampleBytesMax), atNs: i);
            }
        }

        var topics = Book.All(Acme, null);
        Assert.InRange(topics.Sum(topic => topic.Samples.Sum(sample => sample.Payload.Length)), UnmappedBook.BytesMax / 2, UnmappedBook.BytesMax);
        Assert.All(topics, topic => Assert.True(topic.Samples.All(sample => sample.IsCut && sample.Payload.Length == UnmappedBook.SampleBytesMax)));
        Assert.Contains(topics, topic => topic.Topic == "t/899");
        Add(new string('t', TopicPattern.CharsMax + 1), "1", 1);
        Assert.Equal(topics.Count, Book.All(Acme, null).Count);
        Book.Forget(Acme, "plant");
        Assert.Empty(Book.All(Acme, null));
    }

    private void Add(string topic, string payload, long atNs) => Book.Add(Acme, "plant", new ForeignMessage(topic, Encoding.UTF8.GetBytes(payload), null, false, atNs), false, "no rule");
}
