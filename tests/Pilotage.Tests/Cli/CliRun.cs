using Pilotage.Cli;
using Pilotage.Cli.Frame;

namespace Pilotage.Tests.Cli;

/// <summary>One command, run in a directory of its own against a canned server.</summary>
internal sealed class CliRun : IDisposable
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public CliRun()
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("pilotage-cli-").FullName;
        File.WriteAllText(Path.Combine(Directory, "token"), "secret\n");
    }

    public string Directory { get; }

    public CannedServer Server { get; } = new();

    /// <summary>Answers in place of the canned server.</summary>
    public HttpMessageHandler? Http { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public Dictionary<string, string> Environment { get; } = [];

    public string Output => _output.ToString();

    public string Error => _error.ToString();

    /// <summary>With the server named by the environment, as a user would.</summary>
    public CliRun Connected()
    {
        Environment["PILOTAGE_SERVER"] = "http://127.0.0.1:1/";
        Environment["PILOTAGE_TOKEN_FILE"] = Path.Combine(Directory, "token");
        return this;
    }

    public Task<int> RunAsync(params string[] arguments) => CliApp.RunAsync(
        arguments,
        new CliSession
        {
            Output = _output,
            Error = _error,
            Environment = name => Environment.GetValueOrDefault(name),
            WorkingDirectory = Directory,
            Http = Http ?? Server,
            Time = Time,
        },
        CancellationToken.None);

    public void Dispose()
    {
        Server.Dispose();
        _output.Dispose();
        _error.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
