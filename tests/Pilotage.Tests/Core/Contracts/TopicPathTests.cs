using Pilotage.Core.Contracts;
using Xunit;

namespace Pilotage.Tests.Core.Contracts;

public sealed class TopicPathTests
{
    [Fact]
    public void Takes_a_topic_apart_and_puts_it_together()
    {
        Assert.True(TopicPath.TryParse("acme/lyon/hall/pump-7/_twin/reported/rel_1", out var path));
        Assert.Equal("acme", path.Tenant.Value);
        Assert.Equal("acme/lyon/hall", path.Location);
        Assert.Equal("pump-7", path.DeviceName);
        Assert.Equal("acme/lyon/hall/pump-7", path.DevicePath);
        Assert.Equal(TopicClass.Twin, path.Class);
        Assert.Equal("reported/rel_1", path.Name);
        Assert.Equal("acme/lyon/hall/pump-7/_twin/reported/rel_1", path.ToString());
    }

    [Theory]
    [InlineData("acme/pump/_tele", true)]
    [InlineData("a/b/c/d/e/f/pump/_tele/rpm", true)]
    [InlineData("a/b/c/d/e/f/g/pump/_tele", false)] // seven levels before the device
    [InlineData("acme/_tele", false)] // no device
    [InlineData("_tele", false)]
    [InlineData("acme//pump/_tele", false)]
    [InlineData("acme/./pump/_tele", false)]
    [InlineData("acme/lyon/../_tele", false)]
    [InlineData("acme/lyon/.pump../_tele", true)]
    [InlineData("/acme/pump/_tele", false)]
    [InlineData("acme/pump/tele", false)]
    [InlineData("acme/pump/_", false)]
    [InlineData("acme/pump/_tele/", false)]
    [InlineData("acme/pump/_tele/a//b", false)]
    [InlineData("acme/pump/_tele/+", false)]
    [InlineData("acme/+/_tele", false)]
    [InlineData("$SYS/pump/_tele", false)]
    [InlineData("acme/_x/pump/_tele", false)]
    public void Knows_its_shape(string topic, bool valid) => Assert.Equal(valid, TopicPath.TryParse(topic, out _));
}
