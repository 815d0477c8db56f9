using System.Diagnostics;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo.Processes;

/// <summary>One child of the demonstration: this executable, started with other arguments.</summary>
/// <remarks>
/// The child's standard input stays open as long as we live; it ends itself when that closes, so that nothing survives a
/// killed demonstration. Its standard error goes to a log file.
/// </remarks>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly Lock Starting = new();
    private static readonly HashSet<Process> Running = [];
    private static bool _ending;
    private readonly Process _process;
    private readonly TimeProvider _time;
    private readonly Task _copying;

    private ChildProcess(string name, Process process, string logFile, TimeProvider time)
    {
        Name = name;
        _process = process;
        _time = time;
        _copying = CopyLogAsync(process.StandardError, logFile);
    }

    public string Name { get; }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Completes when the process has ended, with its exit code.</summary>
    public async Task<int> ExitedAsync(CancellationToken cancellation)
    {
        await _process.WaitForExitAsync(cancellation);
        return _process.ExitCode;
    }

    /// <summary>Starts it and waits for its <c>ready</c> line.</summary>
    public static async Task<(ChildProcess Child, string Ready)> StartAsync(
        string name, IReadOnlyList<string> arguments, string logFile, TimeSpan readyWithin, TimeProvider time, CancellationToken cancellation)
    {
        var process = Start(name, arguments);
#pragma warning disable CA2000 // Returned to the caller, or disposed of below when it does not become ready.
        var child = new ChildProcess(name, process, logFile, time);
#pragma warning restore CA2000
        using var deadline = new CancellationTokenSource(readyWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(either.Token) is { } line)
            {
                if (line.StartsWith("ready", StringComparison.Ordinal))
                {
                    _ = DrainAsync(process.StandardOutput);
                    return (child, line);
                }
            }

            await process.WaitForExitAsync(cancellation);
            throw new CliFailure(ExitCode.Failed, $"{name} ended with {process.ExitCode} before it was ready", await LastLineAsync(child, logFile), $"see {logFile}");
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            await child.DisposeAsync();
            throw new CliFailure(ExitCode.TimedOut, $"{name} was not ready within {readyWithin.TotalSeconds:0} s", await LastLineAsync(child, logFile), $"see {logFile}");
        }
        catch
        {
            await child.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends all children of this process and theirs at once, undrained, and lets none start any more.</summary>
    /// <remarks>Safe at any moment: what they acknowledged is on disk.</remarks>
    public static void KillAll()
    {
        lock (Starting)
        {
            _ending = true;
            foreach (var process in Running)
            {
                Kill(process);
            }
        }
    }

    /// <summary>Asks it to end, waits, and kills it when it does not.</summary>
    public async Task<bool> StopAsync(TimeSpan patience)
    {
        if (_process.HasExited)
        {
            return true;
        }

        PosixKill.AskToEnd(Pid);
        using var deadline = new CancellationTokenSource(patience, _time);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await StopAsync(TimeSpan.FromSeconds(5));
        }

        await _copying;
        lock (Starting)
        {
            Running.Remove(_process);
            _process.Dispose();
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception failure) when (failure is AggregateException or System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            // One that cannot be killed must not keep the others alive; it ends when its standard input closes.
        }
    }

    private static Process Start(string name, IReadOnlyList<string> arguments)
    {
        lock (Starting)
        {
            if (_ending)
            {
                throw new OperationCanceledException($"{name} is not started any more: everything is ending");
            }

            var process = Process.Start(StartInfo(arguments)) ?? throw new CliFailure(ExitCode.Failed, $"cannot start {name}");
            Running.Add(process);
            return process;
        }
    }

    private static ProcessStartInfo StartInfo(IReadOnlyList<string> arguments)
    {
        var executable = Environment.ProcessPath ?? throw new CliFailure(ExitCode.Failed, "the path of this executable is unknown");
        var info = new ProcessStartInfo(executable)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        // Run by `dotnet pilotage.dll`, the executable is the host and the assembly its first argument.
        if (Path.GetFileNameWithoutExtension(executable) == "dotnet")
        {
            info.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        }

        foreach (var argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        // Two cores are shared by three servers and the replay: fewer heaps and threads, less memory.
        info.Environment["DOTNET_gcServer"] = "0";
        info.Environment["DOTNET_TieredPGO"] = "0";
        return info;
    }

    private static async Task CopyLogAsync(StreamReader from, string file)
    {
        await using var log = new StreamWriter(file, append: true) { AutoFlush = true };
        while (await from.ReadLineAsync() is { } line)
        {
            await log.WriteLineAsync(line);
        }
    }

    private static async Task DrainAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is not null)
        {
        }
    }

    private static async Task<string?> LastLineAsync(ChildProcess child, string file)
    {
        await child._copying;
        return File.Exists(file) ? File.ReadLines(file).LastOrDefault(line => line.Length > 0) : null;
    }
}
