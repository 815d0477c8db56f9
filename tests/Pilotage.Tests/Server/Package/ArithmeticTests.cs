using Pilotage.Server.Package;
using Xunit;

namespace Pilotage.Tests.Server.Package;

public sealed class ArithmeticTests
{
    [Theory]
    [InlineData("avoided_hours * ${price.downtime_hour}", 42_000)]
    [InlineData("2 + 3 * (4 - 1) / 2", 6.5)]
    [InlineData("-avoided_hours + 1", -9)]
    public void Evaluates_what_a_reader_can_check_by_hand(string text, double expected) =>
        Assert.Equal(expected, Arithmetic.Evaluate(text, Names).Value);

    [Theory]
    [InlineData("avoided_hours * ${price.gold}", "price.gold has no value")]
    [InlineData("(1 + 2", "bracket is not closed")]
    [InlineData("1 + ", "missing")]
    [InlineData("1 ! 2", "'!' was not expected")]
    [InlineData("avoided_hours / (2 - 2)", "column 17: a division by 0")]
    [InlineData("1e999 * 0", "1e999 has no value")]
    public void Names_the_column_it_cannot_read(string text, string why)
    {
        var refusal = Arithmetic.Evaluate(text, Names).Refusal;

        Assert.Contains("column ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tower_of_brackets_is_refused_and_does_not_overflow() =>
        Assert.False(Arithmetic.Evaluate(new string('(', 100_000), Names).IsOk);

    private static double? Names(string name) => name switch { "avoided_hours" => 10, "price.downtime_hour" => 4200, _ => null };
}
