namespace Pilotage.System.Server;

/// <summary>A folder of the test's own, gone when the test is.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("pilotage-server-").FullName;

    public string File(string name, string content)
    {
        var path = global::System.IO.Path.Combine(Path, name);
        global::System.IO.File.WriteAllText(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
