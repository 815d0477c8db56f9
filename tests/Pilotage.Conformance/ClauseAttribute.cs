using Xunit.Sdk;

namespace Pilotage.Conformance;

/// <summary>Names the clauses of the standards that a test holds the broker to.</summary>
/// <param name="ids">
/// As the standard writes them, for example <c>MQTT-3.1.0-1</c>: of 5.0, or of 3.1.1 where <c>3.1.1 </c> is put before. A
/// section that has no numbered clause is named by its number alone.
/// </param>
[TraitDiscoverer("Pilotage.Conformance.ClauseDiscoverer", "Pilotage.Conformance")]
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class ClauseAttribute(params string[] ids) : Attribute, ITraitAttribute
{
    /// <summary>The clauses.</summary>
    public IReadOnlyList<string> Ids { get; } = ids;
}
