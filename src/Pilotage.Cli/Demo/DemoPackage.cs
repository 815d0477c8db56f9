using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo;

/// <summary>Reads a package folder as it is posted: every file, by its path inside the folder.</summary>
internal static class DemoPackage
{
    /// <summary>The sample beside the executable that fits a thing type.</summary>
    public static string FolderFor(string thing) => Path.Combine(AppContext.BaseDirectory, "samples", thing == "pump" ? "pump-bearings" : "predictive-maintenance");

    public static JsonObject Files(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new CliFailure(ExitCode.Failed, $"the package folder {folder} is missing", "it is built beside the executable");
        }

        var files = new JsonObject();
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            files[Path.GetRelativePath(folder, file).Replace('\\', '/')] = Convert.ToBase64String(File.ReadAllBytes(file));
        }

        return files;
    }
}
