using System.Text.Json;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Api;

/// <summary>Which server the verbs talk to, and the file that holds the token for it.</summary>
internal sealed record ApiContext(Uri Server, string TokenFile)
{
    public const string FileName = "context.json";
    private const string Folder = ".pilotage";

    /// <summary>Flag, then environment, then the nearest <c>.pilotage/context.json</c> above the working directory.</summary>
    public static ApiContext Find(CliSession session, string? serverFlag, string? tokenFlag)
    {
        var server = serverFlag ?? session.Environment("PILOTAGE_SERVER");
        var token = tokenFlag ?? session.Environment("PILOTAGE_TOKEN_FILE");
        var file = server is null || token is null ? FindFile(session.WorkingDirectory) : null;
        var (fileServer, fileToken) = file is null ? (null, null) : Read(file);
        server ??= fileServer ?? throw new CliFailure(
            ExitCode.Usage,
            "no server is named",
            $"there is no --server, no PILOTAGE_SERVER and no {Folder}/{FileName} in {session.WorkingDirectory} or above it",
            "pilotage demo, or --server http://127.0.0.1:8080 --token-file DATA/admin.token");
        token ??= fileToken ?? throw new CliFailure(
            ExitCode.Usage, $"no token file is named for {server}", null, "--token-file DATA/admin.token (the server writes it on first start)");
        return Uri.TryCreate(server, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? new(uri, token)
            : throw new CliFailure(ExitCode.Usage, $"'{server}' is not the URL of a server", "expected http://HOST:PORT or https://HOST:PORT");
    }

    /// <summary>That of one folder, whatever flags and environment say.</summary>
    public static ApiContext In(string directory)
    {
        var file = Path.Combine(directory, FileName);
        return Read(file) is ({ } server, { } token) && Uri.TryCreate(server, UriKind.Absolute, out var uri)
            ? new(uri, token)
            : throw new CliFailure(ExitCode.Usage, $"the context file {file} names no server", null, "start the demonstration again");
    }

    public void Save(string directory)
    {
        Directory.CreateDirectory(directory);
        var json = new JsonObject { ["server"] = Server.ToString(), ["tokenFile"] = TokenFile };
        File.WriteAllText(Path.Combine(directory, FileName), json.ToJsonString() + "\n");
    }

    public string ReadToken()
    {
        try
        {
            return File.ReadAllText(TokenFile).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.NotAllowed, $"cannot read the token file {TokenFile}", FileFault.Why(e, TokenFile), "--token-file DATA/admin.token, as the user who started the server");
        }
    }

    private static string? FindFile(string directory)
    {
        for (var at = new DirectoryInfo(directory); at is not null; at = at.Parent)
        {
            var file = Path.Combine(at.FullName, Folder, FileName);
            if (File.Exists(file))
            {
                return file;
            }
        }

        return null;
    }

    private static (string? Server, string? Token) Read(string file)
    {
        try
        {
            var json = JsonNode.Parse(File.ReadAllText(file)) as JsonObject;
            return (json?["server"]?.GetValue<string>(), json?["tokenFile"]?.GetValue<string>());
        }
        catch (Exception e) when (e is JsonException or IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.Usage, $"cannot read the context file {file}", e.Message, "delete it, or name --server and --token-file");
        }
    }
}
