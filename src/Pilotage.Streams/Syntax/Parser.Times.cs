namespace Pilotage.Streams.Syntax;

/// <summary>Times inside of expressions: literals, lengths, steps of the calendar and zones.</summary>
internal sealed partial class Parser
{
    /// <summary>A time, or a length of time, where an expression may begin with one; null where it does not.</summary>
    private ExpressionSyntax? TimeOrInterval()
    {
        var at = tokens.Current.At;
        if (tokens.IsWord("TIMESTAMP") && tokens.IsText(1))
        {
            tokens.Take();
            return new TimestampSyntax(at, tokens.Take().Text);
        }

        if (isQuery && tokens.IsWord("CURRENT_TIMESTAMP"))
        {
            tokens.Take();
            return new CallSyntax(at, "NOW", [], IsStar: false, Over: null);
        }

        return tokens.IsWord("INTERVAL") ? new IntervalSyntax(at, Interval()) : null;
    }

    /// <summary><c>FLOOR(t TO unit)</c> and <c>CEIL(t TO unit)</c>; null where it is another function.</summary>
    private CallSyntax? TimeStep(Token name, ExpressionSyntax time)
    {
        var function = name.Text.ToUpperInvariant() switch { "FLOOR" => CallSyntax.FloorTo, "CEIL" or "CEILING" => CallSyntax.CeilTo, _ => null };
        if (function is null)
        {
            return null;
        }

        tokens.ExpectWord("TO");
        var unit = tokens.ExpectName("a unit of time such as HOUR");
        tokens.ExpectSign(")");
        return Sized(new CallSyntax(name.At, function, [time, new TextSyntax(unit.At, unit.Text.ToUpperInvariant())], IsStar: false, Over: null), 1, time);
    }

    private ExpressionSyntax Zoned(ExpressionSyntax time)
    {
        if (!tokens.IsWord("AT") || !tokens.IsWord("TIME", 1) || !tokens.IsWord("ZONE", 2))
        {
            return time;
        }

        var at = tokens.Take().At;
        tokens.Take();
        tokens.Take();
        var zone = tokens.ExpectText("the name of a zone such as 'Europe/Berlin'");
        return Sized(new CallSyntax(at, CallSyntax.AtTimeZone, [time, new TextSyntax(zone.At, zone.Text)], IsStar: false, Over: null), 1, time);
    }
}
