using Pilotage.Learning.Decisions;
using Xunit;

namespace Pilotage.Tests.Learning.Decisions;

public sealed class MovingMeanTests
{
    [Fact]
    public void Averages_what_has_arrived_and_never_what_comes() =>
        Assert.Equal([1, 2, 3, 5], MovingMean.Of([1, 3, 5, 7], 3));

    [Fact]
    public void Passes_over_missing_values() =>
        Assert.Equal([double.NaN, 4, 4, 8], MovingMean.Of([double.NaN, 4, double.NaN, 8], 2));
}
