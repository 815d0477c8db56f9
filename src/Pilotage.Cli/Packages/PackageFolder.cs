using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Packages;

/// <summary>A package as it lies on disk and as it is posted: every file, by its path inside the folder.</summary>
internal static class PackageFolder
{
    private const string Main = "usecase.yaml";

    /// <summary>The samples beside the executable.</summary>
    public static string Sample(string name) => Path.Combine(AppContext.BaseDirectory, "samples", name);

    /// <summary>The folder meant by a folder, or by any file inside a package.</summary>
    public static string Of(string path)
    {
        if (Directory.Exists(path))
        {
            return path;
        }

        if (!File.Exists(path))
        {
            throw new CliFailure(ExitCode.NotFound, $"there is no folder or file {path}", null, "pilotage usecase init DIR writes a package to begin with");
        }

        var folder = new FileInfo(path).Directory;
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, Main)))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new CliFailure(
            ExitCode.NotFound, $"{path} is not a file of a package", $"no folder above it holds a {Main}", "name the folder of the package");
    }

    /// <summary>The body that installs it; the same files that <see cref="Server.Package.PackageReader"/> reads.</summary>
    public static JsonObject Request(string folder, string? site) => new() { ["files"] = Contents(folder), ["site"] = site };

    private static JsonObject Contents(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new CliFailure(ExitCode.NotFound, $"the package folder {folder} is missing");
        }

        var files = new JsonObject();
        foreach (var (name, file) in Files(folder))
        {
            files[name] = Convert.ToBase64String(File.ReadAllBytes(file));
        }

        return files;
    }

    /// <summary>Files by their path inside the package; what begins with a dot is an editor's, not the package's.</summary>
    public static IEnumerable<(string Name, string File)> Files(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(file => (Name: Path.GetRelativePath(folder, file).Replace('\\', '/'), File: file))
        .Where(file => !file.Name.Split('/').Any(part => part.StartsWith('.')))
        .OrderBy(file => file.Name, StringComparer.Ordinal);
}
