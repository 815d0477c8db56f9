namespace Pilotage.Server.Fabric.Prometheus.Language;

/// <summary>The four kinds of arithmetic, as doubles have them: what is divided by nothing is infinite.</summary>
internal static class PromArithmetics
{
    public static double Of(char sign, double left, double right) => sign switch
    {
        '+' => left + right,
        '-' => left - right,
        '*' => left * right,
        '/' => left / right,
        _ => throw new ArgumentOutOfRangeException(nameof(sign), sign, "no such operator"),
    };
}
