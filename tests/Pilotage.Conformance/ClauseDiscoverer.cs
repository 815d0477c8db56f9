using Xunit.Abstractions;
using Xunit.Sdk;

namespace Pilotage.Conformance;

/// <summary>Makes each clause a trait, so that a report can list them.</summary>
public sealed class ClauseDiscoverer : ITraitDiscoverer
{
    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, string>> GetTraits(IAttributeInfo traitAttribute) =>
        [new("clause", traitAttribute.GetNamedArgument<string>(nameof(ClauseAttribute.Id)))];
}
