using System.Collections.Concurrent;
using System.Diagnostics;

namespace Pilotage.System.Edge;

/// <summary>A child of the test: this very assembly in another role. Killed at the latest when the test ends.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _errors = new();

    private Child(Process process) => _process = process;

    /// <summary>The words of the ready line, by name.</summary>
    public IReadOnlyDictionary<string, string> Ready { get; private set; } = new Dictionary<string, string>();

    public string Errors => string.Join('\n', _errors);

    public static async Task<Child> StartAsync(params string[] arguments)
    {
        var info = new ProcessStartInfo(Path.ChangeExtension(typeof(Child).Assembly.Location, null))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        var child = new Child(Process.Start(info)!);
        child._process.ErrorDataReceived += (_, line) => child._errors.Enqueue(line.Data ?? "");
        child._process.BeginErrorReadLine();
        while (await child._process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(90)) is { } line)
        {
            if (line.StartsWith("ready ", StringComparison.Ordinal))
            {
                child.Ready = line.Split(' ').Skip(1).Select(word => word.Split('=', 2)).ToDictionary(word => word[0], word => word[1]);
                _ = child._process.StandardOutput.ReadToEndAsync();
                return child;
            }
        }

        throw new InvalidOperationException($"{arguments[0]} ended before it was ready: {child.Errors}");
    }

    /// <summary>SIGKILL, by its own id.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
