using System.CommandLine;

namespace Pilotage.Cli.Frame;

/// <summary>A command that carries its examples; help prints them.</summary>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;
}
