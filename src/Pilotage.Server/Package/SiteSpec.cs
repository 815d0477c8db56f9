namespace Pilotage.Server.Package;

/// <summary><c>site.yaml</c>: what is local and never published.</summary>
/// <param name="Bind">Thing type to the path pattern of its devices: <c>default/lyon/*/pump-*</c>.</param>
/// <param name="Roles">Role to person (<c>j.martin</c>) or group (<c>group:crew-a</c>).</param>
/// <param name="Evidence">Class of every figure: <c>simulated</c>, <c>benchmark</c>, <c>replay</c> or <c>live</c>.</param>
/// <param name="Origin">Where the data comes from, shown with figures that are not live.</param>
/// <param name="Parameters">Numbers for <c>${…}</c> in the pipeline.</param>
public sealed record SiteSpec(
    IReadOnlyDictionary<string, string> Bind,
    IReadOnlyDictionary<string, string> Roles,
    string? Currency,
    IReadOnlyDictionary<string, PriceSpec> Prices,
    string Evidence,
    string? Origin,
    string? MaintenanceWindow,
    IReadOnlyDictionary<string, double> Parameters,
    IReadOnlyDictionary<string, TimeSpan> Override,
    SourceMark At);

/// <summary>A price that someone answers for.</summary>
public sealed record PriceSpec(double Value, string Source, string? Owner, SourceMark At);
