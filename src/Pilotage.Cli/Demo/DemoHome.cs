namespace Pilotage.Cli.Demo;

/// <summary>Where a demonstration keeps what it made: all below one folder, removed by one action.</summary>
internal sealed record DemoHome(string Root)
{
    public static DemoHome In(string workingDirectory) => new(Path.Combine(workingDirectory, ".pilotage", "demo"));

    public string Server => Path.Combine(Root, "server");

    public string Logs => Path.Combine(Root, "logs");

    public string AdminToken => Path.Combine(Server, "admin.token");

    /// <summary>The folder the context file of the verbs lies in.</summary>
    public string ContextFolder => Path.GetDirectoryName(Root)!;

    public string Edge(int number) => Path.Combine(Root, $"edge-{number}");

    public string Log(string name) => Path.Combine(Logs, $"{name}.log");

    /// <summary>Leaves nothing behind; false when there was nothing.</summary>
    public bool Purge()
    {
        if (!Directory.Exists(Root))
        {
            return false;
        }

        Directory.Delete(Root, recursive: true);
        File.Delete(Path.Combine(ContextFolder, Api.ApiContext.FileName));
        if (!Directory.EnumerateFileSystemEntries(ContextFolder).Any())
        {
            Directory.Delete(ContextFolder);
        }

        return true;
    }

    /// <summary>A fresh start: an earlier demonstration's server, edges and logs go; the lock stays.</summary>
    public void Clear()
    {
        foreach (var folder in new[] { Server, Logs, Edge(1), Edge(2) }.Where(Directory.Exists))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(Logs);
    }
}
