using Xunit;

namespace Pilotage.Tests;

/// <summary>Tests that read what the whole process keeps in memory: they run when no other test of this assembly does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
