using Pilotage.Server.Fabric.Mapping;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Mapping;

public sealed class TopicPatternTests
{
    [Theory]
    [InlineData("factory/{line}/{machine}/status/{property}", "factory/l1/press/status/temp", "l1,press,temp")]
    [InlineData("factory/+/{machine}", "factory/l1/press", "press")]
    [InlineData("plc/{rest#}", "plc/a/b/c", "a/b/c")]
    [InlineData("plc/#", "plc", "")]
    [InlineData("plc/#", "plc/a/b", "")]
    [InlineData("dev/pump-{number}-x/v", "dev/pump-7-x/v", "7")]
    [InlineData("a/{x}/b", "a//b", "")]
    [InlineData("/{x}", "/a", "a")]
    public void Takes_topics_of_its_shape_and_names_their_levels(string pattern, string topic, string values) =>
        Assert.Equal(values, string.Join(',', Parse(pattern).Match(topic)!));

    [Theory]
    [InlineData("factory/{line}", "factory")]
    [InlineData("factory/{line}", "factory/a/b")]
    [InlineData("factory/{line}", "factory/a/")]
    [InlineData("factory/{line}", "Factory/a")]
    [InlineData("plc/{rest#}", "plc")]
    [InlineData("plc/{rest#}", "plc/")]
    [InlineData("dev/pump-{number}-x", "dev/pump--x")]
    [InlineData("dev/pump-{number}-x", "dev/fan-1-x")]
    [InlineData("a/b", "a/b/c")]
    public void Leaves_other_topics_alone(string pattern, string topic) => Assert.Null(Parse(pattern).Match(topic));

    [Theory]
    [InlineData("", "1 to 512 characters")]
    [InlineData("$SYS/{x}", "belong to the broker")]
    [InlineData("a/#/b", "stands last")]
    [InlineData("a/{rest#}/b", "stands last")]
    [InlineData("a/x{rest#}", "takes whole levels")]
    [InlineData("a/{x}/{x}", "names two levels {x}")]
    [InlineData("a/{tenant}", "which has a meaning already")]
    [InlineData("a/{Bad}", "write + for any one level")]
    [InlineData("a/{x", "write + for any one level")]
    [InlineData("a/b+", "write + for any one level")]
    [InlineData("a/{x}{y}", "write + for any one level")]
    [InlineData("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", "17 levels; 16 are the most")]
    public void Says_why_a_text_is_no_pattern(string text, string why) => Assert.Contains(why, TopicPattern.Parse(text).Refusal.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("a/b/c", "a/b/{x}")]
    [InlineData("a/{x}/c", "{x}/b/c")]
    [InlineData("a/b-{x}", "a/{x}")]
    [InlineData("a/b-long-{x}", "a/b-{x}")]
    [InlineData("a/{x}", "a/#")]
    [InlineData("a", "a/#")]
    [InlineData("a/{rest#}", "a/#")]
    [InlineData("a/{x}/{rest#}", "a/{rest#}")]
    public void The_more_specific_one_is_asked_first_and_both_overlap(string first, string second)
    {
        Assert.True(Parse(first).CompareTo(Parse(second)) < 0);
        Assert.True(Parse(second).CompareTo(Parse(first)) > 0);
        Assert.True(Parse(first).Overlaps(Parse(second)) && Parse(second).Overlaps(Parse(first)));
        Assert.False(Parse(first).IsSameAs(Parse(second)));
    }

    [Theory]
    [InlineData("a/{x}", "b/{x}")]
    [InlineData("a/{x}", "a/{x}/{y}")]
    [InlineData("a/{x}/c/{rest#}", "a/b/c")]
    [InlineData("a/b-{x}", "a/c-{x}")]
    public void Patterns_that_share_no_topic_do_not_overlap(string one, string other) =>
        Assert.False(Parse(one).Overlaps(Parse(other)) || Parse(other).Overlaps(Parse(one)));

    /// <summary>Whatever topics both take, the pair says that it overlaps; and the order among many is one order.</summary>
    [Fact]
    public void Random_patterns_keep_what_they_say_of_overlap_and_order()
    {
        var random = new Random(20261126);
        string[] words = ["a", "b", "{x}", "+", "p-{x}", "#", "{x#}"];
        string[] levels = ["a", "b", "p-1", ""];
        var patterns = Enumerable.Range(0, 400).Select(_ => Text(random, words)).Select(TopicPattern.Parse).Where(parsed => parsed.IsOk).Select(parsed => parsed.Value).ToList();
        var topics = Enumerable.Range(0, 200).Select(_ => string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => levels[random.Next(levels.Length)]))).ToList();
        foreach (var one in patterns)
        {
            foreach (var other in patterns)
            {
                Assert.Equal(Math.Sign(one.CompareTo(other)), -Math.Sign(other.CompareTo(one)));
                if (topics.Exists(topic => one.Match(topic) is not null && other.Match(topic) is not null))
                {
                    Assert.True(one.Overlaps(other), $"{one.Text} and {other.Text}");
                }
            }
        }

        Assert.True(patterns.Count > 50);
    }

    private static string Text(Random random, string[] words) => string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(i => words[random.Next(words.Length)].Replace("x", $"x{i}")));

    private static TopicPattern Parse(string text) => TopicPattern.Parse(text).Value;
}
