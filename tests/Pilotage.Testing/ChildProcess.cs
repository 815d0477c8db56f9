using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace Pilotage.Testing;

/// <summary>A process under test: started, watched line by line, killed by its own id, never by name.</summary>
public sealed partial class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });
    private readonly List<string> _errors = [];
    private readonly Task _reading;

    private ChildProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadLinesAsync(), ReadErrorsAsync());
    }

    public int Id => _process.Id;

    /// <summary>What it wrote to standard error so far.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return string.Join('\n', _errors);
            }
        }
    }

    /// <summary>Starts a program; .NET programs find the runtime this test runs on.</summary>
    public static ChildProcess Start(string fileName, IEnumerable<string> arguments, string? workingDirectory = null)
    {
        var start = new ProcessStartInfo(fileName, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = workingDirectory ?? "",
        };
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(runtime, "..", "..", ".."));

        // Killed, a runtime leaves its debugger's pipes in the folder for temporary files.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return new ChildProcess(Process.Start(start) ?? throw new InvalidOperationException($"{fileName} did not start"));
    }

    /// <summary>Reads on to the first line with that start; fails when the process ends before.</summary>
    public async Task<string> WaitForAsync(string lineStart, TimeSpan within)
    {
        using var deadline = new CancellationTokenSource(within, TimeProvider.System);
        try
        {
            await foreach (var line in _lines.Reader.ReadAllAsync(deadline.Token))
            {
                if (line.StartsWith(lineStart, StringComparison.Ordinal))
                {
                    return line;
                }
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"no '{lineStart}' within {within}; standard error: {Errors}");
        }

        throw new InvalidOperationException($"ended without '{lineStart}'; standard error: {Errors}");
    }

    /// <summary>Its lines as they come, until it ends.</summary>
    public IAsyncEnumerable<string> LinesAsync() => _lines.Reader.ReadAllAsync();

    /// <summary>Writes a line to its standard input.</summary>
    public async Task WriteLineAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Ends its standard input.</summary>
    public void EndInput() => _process.StandardInput.Close();

    /// <summary>SIGKILL, now.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }
    }

    /// <summary>Sends a signal to it alone.</summary>
    public void Send(PosixSignal signal) => Signal(_process.Id, signal);

    /// <summary>Sends a signal to its whole process group, as a terminal does on Ctrl-C; it must have been started as the head of one (<c>setsid</c>).</summary>
    public void SendToGroup(PosixSignal signal) => Signal(-_process.Id, signal);

    /// <summary>SIGKILL to a process that something under test has started, by its id.</summary>
    public static void Kill(int id) => Signal(id, 9);

    /// <summary>A signal that has no name here, by its number.</summary>
    public static void Send(int id, int number) => Signal(id, number);

    /// <summary>SIGCONT: it goes on where it was stopped.</summary>
    public static void Thaw(int id) => Signal(id, 18);

    /// <summary>SIGSTOP to a process that something under test has started: it holds what it holds and answers nobody.</summary>
    public static void Freeze(int id) => Signal(id, 19);

    /// <summary>Whether a process with this id exists and is not a zombie.</summary>
    public static bool IsRunning(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Waits for the end and gives the lines not read yet: what it had written before it died counts.</summary>
    public async Task<IReadOnlyList<string>> EndAsync()
    {
        await _process.WaitForExitAsync();
        await _reading;
        var lines = new List<string>();
        while (_lines.Reader.TryRead(out var line))
        {
            lines.Add(line);
        }

        return lines;
    }

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // With its children: a tracer must not leave the process it traced behind.
            _process.Kill(entireProcessTree: true);
        }

        await EndAsync();
        _process.Dispose();
    }

    private static void Signal(int target, PosixSignal signal) => Signal(target, signal switch
    {
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGTERM => 15,
        _ => throw new ArgumentOutOfRangeException(nameof(signal)),
    });

    private static void Signal(int target, int number)
    {
        if (SendSignal(target, number) != 0)
        {
            throw new InvalidOperationException($"signal {number} did not reach {target}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int target, int number);

    private async Task ReadLinesAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            _lines.Writer.TryWrite(line);
        }

        _lines.Writer.Complete();
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_errors)
            {
                _errors.Add(line);
            }
        }
    }
}
