using Xunit.Abstractions;
using Xunit.Sdk;

namespace Pilotage.Conformance;

/// <summary>Makes each clause a trait, so that the tests of one can be run alone.</summary>
public sealed class ClauseDiscoverer : ITraitDiscoverer
{
    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, string>> GetTraits(IAttributeInfo traitAttribute) =>
        traitAttribute.GetNamedArgument<IReadOnlyList<string>>(nameof(ClauseAttribute.Ids))
            .Select(id => new KeyValuePair<string, string>("clause", id));
}
