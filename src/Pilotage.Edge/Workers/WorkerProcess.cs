using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Pilotage.Edge.Workers;

/// <summary>
/// One worker process: orders go in by its standard input, signs of life come out by its standard output. When this process dies the
/// pipe closes and the worker ends by itself, so no worker outlives its supervisor.
/// </summary>
internal sealed partial class WorkerProcess : IDisposable
{
    private const int LastWordsLines = 20;
    private readonly Process _process;
    private readonly ILogger _logger;
    private readonly string _release;

    private WorkerProcess(Process process, string release, ILogger logger) => (_process, _release, _logger) = (process, release, logger);

    public int Pid => _process.Id;

    /// <summary>Bytes of memory the process holds now; 0 once it has ended.</summary>
    public long MemoryBytes
    {
        get
        {
            try
            {
                _process.Refresh();
                return _process.HasExited ? 0 : _process.WorkingSet64;
            }
            catch (InvalidOperationException)
            {
                return 0;
            }
        }
    }

    /// <summary>Starts a worker; <paramref name="said"/> is called for each of its lines, <paramref name="ended"/> once, with its last words.</summary>
    public static WorkerProcess Start(
        EdgeOptions options, WorkerOrders orders, Action<WorkerReport> said, Action<int, string> ended, ILogger logger)
    {
        var process = new Process { StartInfo = StartInfo(options) };
        process.Start();
        var worker = new WorkerProcess(process, orders.Release, logger);
        worker.Tell(orders);
        _ = worker.ListenAsync(said, ended);
        return worker;
    }

    /// <summary>Gives new orders; a worker that has just ended does not hear them, which its end will tell.</summary>
    public void Tell(WorkerOrders orders)
    {
        try
        {
            _process.StandardInput.WriteLine(JsonSerializer.Serialize(orders, EdgeJson.Default.WorkerOrders));
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            Log.Deaf(_logger, _release, Pid);
        }
    }

    /// <summary>Asks it to drain, checkpoint and end, by closing its input.</summary>
    public void Stop()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            Log.Deaf(_logger, _release, Pid);
        }
    }

    /// <summary>Ends it at once, by its own id and no other.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself in the meantime.
        }
    }

    public void Dispose() => _process.Dispose();

    private static ProcessStartInfo StartInfo(EdgeOptions options)
    {
        var program = options.WorkerProgram ?? Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known.");
        var info = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };

        // A worker is killed when it hangs, and what a debugger or profiler would attach to stays behind in /tmp then, each time.
        info.Environment.TryAdd("DOTNET_EnableDiagnostics", "0");
        if (options.WorkerProgram is null && Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            info.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        }

        foreach (var argument in options.WorkerArguments)
        {
            info.ArgumentList.Add(argument);
        }

        return info;
    }

    private async Task ListenAsync(Action<WorkerReport> said, Action<int, string> ended)
    {
        var errors = LastWordsAsync();
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Read(line) is { } report)
            {
                said(report);
            }
        }

        var words = await errors;
        await _process.WaitForExitAsync();
        ended(_process.ExitCode, words);
    }

    private static WorkerReport? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, EdgeJson.Default.WorkerReport);
        }
        catch (JsonException)
        {
            // A native library may print what it likes; only reports count.
            return null;
        }
    }

    private async Task<string> LastWordsAsync()
    {
        var last = new Queue<string>();
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            last.Enqueue(line);
            if (last.Count > LastWordsLines)
            {
                last.Dequeue();
            }
        }

        return string.Join('\n', last);
    }

    private static partial class Log
    {
        [LoggerMessage(5121, LogLevel.Information, "The worker of {Release} (process {Pid}) does not read its input any more")]
        public static partial void Deaf(ILogger logger, string release, int pid);
    }
}
