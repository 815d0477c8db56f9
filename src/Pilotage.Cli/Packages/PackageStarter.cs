using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Packages;

/// <summary>Writes a package to begin with: a sample under the name of the new folder.</summary>
internal static class PackageStarter
{
    public const string Default = "pump-bearings";
    public static readonly string[] Samples = [Default, "predictive-maintenance"];

    /// <summary>What speaks of the sample itself, or binds it to the demonstration.</summary>
    private static readonly string[] OfTheSample = ["README.md", "site.demo.yaml"];

    /// <summary>The paths written, inside the folder.</summary>
    public static IReadOnlyList<string> Write(string folder, string name, string sample)
    {
        try
        {
            return Copy(folder, name, sample);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.Failed, $"the package cannot be written to {folder}", FileFault.Why(failure), $"pilotage usecase init ~/{name}, or another folder that you may write to");
        }
    }

    private static List<string> Copy(string folder, string name, string sample)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new CliFailure(ExitCode.Conflict, $"{folder} is not empty", "a package is written into a folder of its own, and nothing is overwritten", "pilotage usecase init with another folder");
        }

        var written = new List<string>();
        foreach (var (path, file) in PackageFolder.Files(PackageFolder.Sample(sample)).Where(file => !OfTheSample.Contains(file.Name)))
        {
            var target = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            // The sample is called in its own files by its name: the use case, and nothing else.
            File.WriteAllText(target, File.ReadAllText(file).Replace($"name: {sample}\n", $"name: {name}\n", StringComparison.Ordinal));
            written.Add(path);
        }

        return written;
    }
}
