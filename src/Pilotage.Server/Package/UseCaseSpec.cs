namespace Pilotage.Server.Package;

/// <summary><c>usecase.yaml</c>: what is promised, how it is measured, what it costs, who decides.</summary>
/// <param name="Thing">Name of the thing type, <c>things/&lt;name&gt;.td.json</c>.</param>
/// <param name="Roles">Roles that vote; people stand in the site.</param>
/// <param name="Alarm">Which parameter of the pipeline is chosen on the fit units, or null when a person sets it.</param>
/// <param name="Gates">In the order they are passed.</param>
public sealed record UseCaseSpec(
    string Name,
    string Version,
    string Thing,
    IReadOnlyList<string> Roles,
    OutcomeSpec Outcome,
    AlarmSpec? Alarm,
    MoneySpec Money,
    IReadOnlyList<GateSpec> Gates,
    SourceMark At);

/// <summary>The promised outcome.</summary>
/// <param name="Kpi">See <see cref="KnownWords.Kpis"/>.</param>
/// <param name="Unit">UCUM; hours for downtime.</param>
/// <param name="Per">The exposure it is counted per: <c>1000 h running</c>.</param>
/// <param name="From">Which events are counted.</param>
/// <param name="TargetShare">The promise as a share of the baseline: −0.30 for −30 %.</param>
/// <param name="Work">What an alarm sets in motion, in hours; null where the outcome needs no such rule.</param>
public sealed record OutcomeSpec(
    string Kpi,
    string Unit,
    ExposureSpec Per,
    OutcomeQuery From,
    double TargetShare,
    BaselineSpec Baseline,
    IReadOnlyList<string> CompareWith,
    WorkSpec? Work,
    SourceMark At);

/// <summary>An amount of running that outcomes are counted per.</summary>
public sealed record ExposureSpec(double Amount, string Unit, string Of);

/// <summary>How the baseline is made and over what window.</summary>
public sealed record BaselineSpec(TimeSpan Window, string Method, SourceMark At);

/// <summary>From alarm to work, and what a planned and an unplanned stop last.</summary>
public sealed record WorkSpec(TimeSpan Lead, TimeSpan Unplanned, TimeSpan Planned, SourceMark At);

/// <summary>The parameter of the pipeline that is chosen on fit units, from which model's score, for what.</summary>
public sealed record AlarmSpec(string Parameter, string Model, string Minimise, SourceMark At);

/// <summary>What it pays and what it costs; the benefit is arithmetic over the outcome and prices of the site.</summary>
public sealed record MoneySpec(string Benefit, double CostOnce, double CostMonthly, SourceMark At);

/// <summary>A gate into a stage: evidence that must hold, roles that must approve.</summary>
public sealed record GateSpec(string Stage, IReadOnlyList<GateNeed> Needs, IReadOnlyList<string> Approve, SourceMark At);

/// <summary>One piece of evidence: a flag that must be true, or a number held against a limit.</summary>
/// <param name="Comparison">One of <c>&gt;= &gt; &lt;= &lt; ==</c>, or null for a flag.</param>
public sealed record GateNeed(string Text, string Evidence, string? Comparison, double Limit, SourceMark At)
{
    /// <summary>Whether a measured number satisfies the need.</summary>
    public bool Holds(double value) => Comparison switch
    {
        ">=" => value >= Limit,
        ">" => value > Limit,
        "<=" => value <= Limit,
        "<" => value < Limit,
        "==" => value == Limit,
        _ => value != 0,
    };
}
