using System.Globalization;

namespace Pilotage.Server.Portfolio;

/// <summary>One line of a gate's <c>needs</c>: the name of a fact that must hold, or of a figure and its limit.</summary>
/// <param name="Name">For example <c>baseline.frozen</c> or <c>shadow.days</c>.</param>
/// <param name="Operator"><c>&gt;=</c>, <c>&lt;=</c>, <c>&gt;</c>, <c>&lt;</c>, <c>==</c>; null for a fact.</param>
/// <param name="Limit">The limit of a figure.</param>
public sealed record EvidenceNeed(string Name, string? Operator, double Limit)
{
    private static readonly string[] Operators = [">=", "<=", ">", "<", "=="];

    /// <summary>As the package writes it, without the name.</summary>
    public string Needed => Operator is null ? "true" : $"{Operator} {Limit.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Reads <c>name</c> or <c>name op number</c>.</summary>
    public static Outcome<EvidenceNeed> Parse(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (parts.Length == 1)
        {
            return new EvidenceNeed(parts[0], null, 0);
        }

        return parts.Length == 3 && Operators.Contains(parts[1]) && double.TryParse(parts[2], NumberStyles.Float, CultureInfo.InvariantCulture, out var limit)
            ? new EvidenceNeed(parts[0], parts[1], limit)
            : new Refusal("gate.need_malformed", $"'{text}' is no evidence: expected NAME, or NAME >= NUMBER (also <=, >, <).");
    }

    /// <summary>Evidence that is absent is never met: no data is not zero and not "ok".</summary>
    public EvidenceItem Weigh(Stage stage, EvidenceReading reading)
    {
        var met = Operator is null
            ? reading.Fact == true
            : reading.Figure is { } figure && Holds(figure);
        var value = Operator is null ? reading.Fact switch { true => "true", false => "false", null => null } : reading.Figure?.ToString("0.####", CultureInfo.InvariantCulture);
        return new(stage.Word(), Name, value, Needed, met, reading.Why, reading.From);
    }

    private bool Holds(double figure) => Operator switch
    {
        ">=" => figure >= Limit,
        "<=" => figure <= Limit,
        ">" => figure > Limit,
        "<" => figure < Limit,
        _ => figure == Limit,
    };
}
