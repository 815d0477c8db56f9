using System.Text.RegularExpressions;
using Pilotage.Cli;
using Pilotage.Cli.Frame;
using Pilotage.Cli.Verbs;
using Pilotage.Tests.Architecture;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>Commands that the server tells people to run: each is there, and does what it is told for.</summary>
public sealed partial class HintTests
{
    private static readonly string[] Meant = ["--yes", "--dry-run"];

    [Fact]
    public void A_command_that_an_error_ends_with_is_one_that_runs()
    {
        using var run = new CliRun();
        var options = new GlobalOptions();
        var session = new CliSession { Output = TextWriter.Null, Error = TextWriter.Null, Environment = _ => null, WorkingDirectory = run.Directory };
        var nouns = CliApp.Root(new VerbFrame(session, options), options).Subcommands.ToDictionary(noun => noun.Name);
        var (checkedHints, wrong) = (0, new List<string>());
        foreach (var line in Repository.Files("src/Pilotage.Server", "*.cs").SelectMany(File.ReadLines).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)))
        {
            foreach (var hint in Hint().Matches(line).Where(hint => nouns.ContainsKey(hint.Groups["noun"].Value)))
            {
                checkedHints++;
                var verb = nouns[hint.Groups["noun"].Value].Subcommands.FirstOrDefault(verb => verb.Name == hint.Groups["verb"].Value);
                var asks = verb?.Options.FirstOrDefault(option => option.Name == "--yes")?.Description?.StartsWith("Say that it is meant", StringComparison.Ordinal) == true;
                if (verb is null || (asks && !Meant.Any(word => line.Contains(word, StringComparison.Ordinal))))
                {
                    wrong.Add(line.Trim());
                }
            }
        }

        Assert.Empty(wrong);
        Assert.True(checkedHints > 30, $"{checkedHints} hints");
    }

    [GeneratedRegex("pilotage (?<noun>[a-z]+) (?<verb>[a-z][a-z-]+)")]
    private static partial Regex Hint();
}
