using Xunit;

namespace Pilotage.Conformance;

/// <summary>A test that needs a broker of our own: its settings, its host, its clock, its restart.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OwnFactAttribute : FactAttribute
{
    internal const string Why = "Needs a broker of our own: its settings, its host, its clock or its restart.";

    public OwnFactAttribute() => Skip = Target.Foreign is null ? null : Why;
}

/// <summary>The same for a table of cases.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OwnTheoryAttribute : TheoryAttribute
{
    public OwnTheoryAttribute() => Skip = Target.Foreign is null ? null : OwnFactAttribute.Why;
}
