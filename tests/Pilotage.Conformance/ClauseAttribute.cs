using Xunit.Sdk;

namespace Pilotage.Conformance;

/// <summary>Names the clause of the standard that a test holds the broker to.</summary>
/// <param name="id">As the standard writes it, for example <c>MQTT-3.1.0-1</c>; numbers are those of 5.0 unless marked.</param>
[TraitDiscoverer("Pilotage.Conformance.ClauseDiscoverer", "Pilotage.Conformance")]
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class ClauseAttribute(string id) : Attribute, ITraitAttribute
{
    /// <summary>The clause.</summary>
    public string Id { get; } = id;
}
