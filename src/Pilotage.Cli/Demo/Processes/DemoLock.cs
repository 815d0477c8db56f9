using System.Globalization;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo.Processes;

/// <summary>One demonstration per folder: the file is held open, and names the process that holds it.</summary>
internal sealed class DemoLock : IDisposable
{
    private const string FileName = "demo.lock";
    private readonly FileStream _held;
    private readonly string _path;

    private DemoLock(FileStream held, string path)
    {
        _held = held;
        _path = path;
    }

    public static DemoLock Take(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            Directory.CreateDirectory(folder);
            var held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            held.SetLength(0);
            held.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            held.Flush();
            return new(held, path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new CliFailure(ExitCode.Failed, $"cannot write to {folder}", e.Message, "run it in a folder that you may write to");
        }
        catch (IOException e) when (Holder(folder) is { } pid)
        {
            throw new CliFailure(ExitCode.Conflict, $"a demonstration is running in {folder} already (process {pid})", e.Message, "pilotage demo stop, or run this one in another folder");
        }
        catch (IOException e)
        {
            throw new CliFailure(ExitCode.Failed, $"cannot write to {folder}", e.Message, "run it in a folder that you may write to");
        }
    }

    /// <summary>The process that holds the folder, or null.</summary>
    public static int? Holder(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return int.TryParse(reader.ReadToEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && PosixKill.Exists(pid) ? pid : null;
    }

    public void Dispose()
    {
        _held.Dispose();
        File.Delete(_path);
    }
}
