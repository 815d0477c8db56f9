using System.Diagnostics;

namespace Pilotage.Load;

/// <summary>The clone that the bench runs in, and programs that it calls.</summary>
internal static class BenchTools
{
    /// <summary>The root of the clone.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A folder under <c>artifacts/bench</c>, made if absent.</summary>
    public static string Folder(string name) => Directory.CreateDirectory(Path.Combine(Root, "artifacts", "bench", name)).FullName;

    /// <summary>The program that is measured: <c>--program FILE</c>, or the one that <c>./pilotage build</c> leaves, built where it is missing; null where that fails.</summary>
    public static async Task<string?> ProgramAsync(BenchArguments arguments)
    {
        var program = arguments.Get("program", Path.Combine(Root, "artifacts", "dist", "pilotage"));
        return File.Exists(program) || await RunAsync(Root, Path.Combine(Root, "pilotage"), "build") is not null ? program : null;
    }

    /// <summary>What a program prints; nothing, with the reason on standard error, when it is missing or fails.</summary>
    public static async Task<string?> RunAsync(string folder, string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
            })!;
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            if (process.ExitCode == 0)
            {
                return output;
            }

            await Console.Error.WriteLineAsync($"bench: {program} ended with {process.ExitCode}");
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            await Console.Error.WriteLineAsync($"bench: {program}: {missing.Message}");
        }

        return null;
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Pilotage.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("The bench runs inside a clone only.");
        }

        return folder;
    }
}
