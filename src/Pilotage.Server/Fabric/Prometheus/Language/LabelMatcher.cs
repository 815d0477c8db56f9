using System.Text.RegularExpressions;

namespace Pilotage.Server.Fabric.Prometheus.Language;

/// <summary>One condition of a selector; a label that a series does not have is empty.</summary>
internal sealed record LabelMatcher(string Name, string Operator, string Value)
{
    public const string MetricName = "__name__";
    private const int PatternCharsMax = 1_000;

    // Patterns without backtracking take time with the length of the value; this is for those that take long to begin with.
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);
    private readonly Regex? _pattern = Operator is "=~" or "!~" ? new Regex($@"\A(?s:{Value})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, PatternTimeout) : null;

    /// <summary>The one name that it asks for, where it does.</summary>
    public string? Exact => Operator == "=" && Value.Length > 0 ? Value : null;

    /// <summary>Whether series without the label fulfil it.</summary>
    public bool TakesEmpty => Matches("");

    public static Outcome<LabelMatcher> Of(string name, string sign, string value, int at)
    {
        if (value.Length > PatternCharsMax)
        {
            return PromFault.At(at, $"the value of {name} is longer than {PatternCharsMax} characters");
        }

        try
        {
            return new LabelMatcher(name, sign, value);
        }
        catch (Exception bad) when (bad is ArgumentException or NotSupportedException)
        {
            return PromFault.At(at, $"the pattern of {name} cannot be read: it is a regular expression as RE2 has them, without look-around and back-references");
        }
    }

    public bool Matches(string value) => Operator switch
    {
        "=" => value == Value,
        "!=" => value != Value,
        "=~" => IsLike(value),
        _ => !IsLike(value),
    };

    private bool IsLike(string value)
    {
        try
        {
            return _pattern!.IsMatch(value);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
