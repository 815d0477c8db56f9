using System.Text.RegularExpressions;
using Pilotage.Server.Fleet;
using Xunit;

namespace Pilotage.Tests.Server.Fleet;

public sealed class PathPatternTests
{
    [Theory]
    [InlineData("acme/lyon/pump-7", "acme/lyon/pump-7", true)]
    [InlineData("acme/*/pump-*", "acme/lyon/pump-7", true)]
    [InlineData("acme/*/pump-*", "acme/lyon/line-1/pump-7", false)]
    [InlineData("acme/**/pump-*", "acme/lyon/line-1/pump-7", true)]
    [InlineData("acme/**", "acme/", true)]
    [InlineData("acme/*", "acme/lyon/pump-7", false)]
    [InlineData("acme.lyon", "acme/lyon", false)]
    [InlineData("**", "acme/lyon", true)]
    [InlineData("", "acme/lyon", false)]
    public void Stars_stay_within_a_level_or_cross_it(string pattern, string path, bool matches) =>
        Assert.Equal(matches, new PathPattern(pattern).Matches(path));

    [Fact]
    public void Says_what_a_regular_expression_says_of_patterns_drawn_at_random()
    {
        var random = new Random(42);
        for (var i = 0; i < 2_000; i++)
        {
            var pattern = Draw(random, "ab/**", random.Next(8));
            var path = Draw(random, "ab/", random.Next(10));
            var expression = "^" + Regex.Replace(pattern, @"\*{2,}|\*", star => star.Length > 1 ? ".*" : "[^/]*") + "$";
            Assert.True(Regex.IsMatch(path, expression) == new PathPattern(pattern).Matches(path), $"{pattern} on {path}");
        }
    }

    [Fact]
    public void No_pattern_is_too_large()
    {
        Assert.False(new PathPattern(new string('z', 100_000)).Matches("acme/lyon"));
        Assert.True(new PathPattern(new string('*', 100_000)).Matches("acme/lyon"));
    }

    private static string Draw(Random random, string letters, int length) => new([.. Enumerable.Range(0, length).Select(_ => letters[random.Next(letters.Length)])]);
}
