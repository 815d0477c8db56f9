using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Core;
using Pilotage.Server.Package;

namespace Pilotage.Cli.Packages;

/// <summary>A package as it lies on disk and as it is posted: every file, by its path inside the folder.</summary>
internal static class PackageFolder
{
    private const string Main = "usecase.yaml";

    /// <summary>A folder with one of these is meant as a package, whatever is wrong with it.</summary>
    private static readonly string[] Marks = [Main, "rollout.yaml", "pipeline.sql", "model.yaml"];

    /// <summary>The samples beside the executable.</summary>
    public static string Sample(string name) => Path.Combine(AppContext.BaseDirectory, "samples", name);

    /// <summary>The folder meant by a folder, or by any file inside a package.</summary>
    public static string Of(string path)
    {
        if (Directory.Exists(path))
        {
            return Array.Exists(Marks, name => File.Exists(Path.Combine(path, name))) ? path : throw new CliFailure(
                ExitCode.NotFound,
                $"{path} is not the folder of a package",
                $"it holds none of {string.Join(", ", Marks)}",
                "the folder that holds usecase.yaml; pilotage usecase init DIR writes a package to begin with");
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

    /// <summary>The body that installs it; the same files that <see cref="PackageReader"/> reads.</summary>
    public static JsonObject Request(string folder, string? site)
    {
        var read = PackageFiles.Read(folder, site);
        if (!read.IsOk)
        {
            throw Failure(folder, read.Refusal);
        }

        return new()
        {
            ["files"] = new JsonObject(read.Value.Select(file => KeyValuePair.Create(file.Key, (JsonNode?)Convert.ToBase64String(file.Value.Span)))),
            ["site"] = site,
        };
    }

    /// <summary>The files of a package, by their path inside it and on disk.</summary>
    public static IEnumerable<(string Name, string File)> Files(string folder)
    {
        var found = PackageFiles.Find(folder);
        return found.IsOk ? found.Value.Select(file => (file.Name, Path.Combine(folder, file.Name))) : throw Failure(folder, found.Refusal);
    }

    /// <summary>A folder that cannot be a package, or holds what must not be taken.</summary>
    public static CliFailure Failure(string folder, Refusal refusal) => refusal.Code switch
    {
        "package.not_found" => new(ExitCode.NotFound, refusal.Message),
        "package.too_large" => new(
            ExitCode.Failed,
            refusal.Message,
            "a package is a few small files, and all of them are sent",
            $"name the folder that holds {Main}, or move out of it what is not one of {PackageFiles.Known}"),
        _ => new(ExitCode.Failed, refusal.Message, null, $"pilotage usecase lint {folder} tells every fault"),
    };
}
