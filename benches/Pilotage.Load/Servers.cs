using System.Diagnostics;
using System.Globalization;

namespace Pilotage.Load;

/// <summary>Server processes that belong together, over a folder of their own; stopped by their process ids.</summary>
internal sealed class Servers : IAsyncDisposable
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux.
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(30);
    private readonly List<Process> _processes = [];

    public string Folder { get; } = Directory.CreateTempSubdirectory("pilotage-bench-").FullName;

    public int FirstPid => _processes[0].Id;

    /// <summary>Processor time of all of them so far.</summary>
    public double CpuSeconds => _processes.Sum(process =>
    {
        // The name, in brackets, may hold spaces.
        var stat = File.ReadAllText($"/proc/{process.Id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    });

    /// <summary>The most memory that one of them held so far, in bytes.</summary>
    public long ResidentMost => _processes.Max(process =>
    {
        const string Name = "VmHWM:";
        var line = File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith(Name, StringComparison.Ordinal));
        return long.Parse(line[Name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
    });

    /// <summary>Starts one more, and waits until it prints a line that begins like that; at once where none is told.</summary>
    public async Task StartAsync(string program, string[] arguments, string? readyLine)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _processes.Add(process);
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) =>
        {
            if (readyLine is not null && line.Data?.StartsWith(readyLine, StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (readyLine is not null)
        {
            await ready.Task.WaitAsync(StartsWithin);
        }
    }

    /// <summary>What the files of a folder come to.</summary>
    public static long BytesOf(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    /// <summary>SIGKILL to all of them; their folder stays, and others may be started in it.</summary>
    public async Task KillAsync()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        _processes.Clear();
    }

    /// <summary>Ends all of them in good order; their folder stays.</summary>
    public async Task StopAsync()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited)
            {
                await BenchTools.RunAsync(Folder, "kill", process.Id.ToString(CultureInfo.InvariantCulture));
                await process.WaitForExitAsync();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        foreach (var process in _processes)
        {
            process.Dispose();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
