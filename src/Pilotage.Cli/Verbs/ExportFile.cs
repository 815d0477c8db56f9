using Pilotage.Cli.Frame;
using Pilotage.Core.Durability;

namespace Pilotage.Cli.Verbs;

/// <summary>A file that is there whole or not at all: written beside its place under another name, and moved when it is complete.</summary>
internal sealed class ExportFile : IDisposable
{
    private const int CopyBytes = 64 * 1024;

    // ENOSPC and EDQUOT of Linux, as the runtime hands them on.
    private static readonly int[] NoRoom = [28, 122];
    private readonly string _file;
    private readonly string _path;
    private readonly string _part;
    private readonly bool _isReplaced;
    private readonly Stream _stream;

    private ExportFile(string file, string path, string part, bool isReplaced, Stream stream) =>
        (_file, _path, _part, _isReplaced, _stream) = (file, path, part, isReplaced, stream);

    public long Bytes { get; private set; }

    /// <param name="folder">Where a relative path begins.</param>
    /// <param name="file">Its place.</param>
    /// <param name="isReplaced">Whether one that is there already goes.</param>
    /// <param name="isPrivate">Whether nobody but its owner may read it.</param>
    /// <param name="open">Opens the file in a test of a disk that has no room.</param>
    public static ExportFile Create(string folder, string file, bool isReplaced, bool isPrivate = false, Func<string, Stream>? open = null)
    {
        var path = Path.Combine(folder, file);
        if (PlainFile.IsSomethingElse(path) && !Directory.Exists(path))
        {
            throw new CliFailure(ExitCode.Usage, $"{file} is no file", "a device, a pipe or a link is there, and a file would take its place", "the name of a file, or of what the link leads to");
        }

        if (!isReplaced && File.Exists(path))
        {
            throw new CliFailure(ExitCode.Conflict, $"{file} is there already", "nothing was written", "another name, or --force to replace it");
        }

        // Beside it, because only there it can be moved into its place at once.
        var part = $"{path}.part-{Environment.ProcessId}";
        try
        {
            return !Directory.Exists(path)
                ? new ExportFile(file, path, part, isReplaced, (open ?? (name => Made(name, isPrivate)))(part))
                : throw new CliFailure(ExitCode.Usage, $"cannot write {file}", FileFault.IsFolder, "the name of a file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.NotAllowed, $"cannot write {file}", FileFault.Why(e), "a place that this user may write to");
        }
    }

    /// <summary>Writes all that comes; a full disk is named with what was written until then.</summary>
    public async Task FillAsync(Stream from, CancellationToken cancellation)
    {
        var buffer = new byte[CopyBytes];
        while (await from.ReadAsync(buffer, cancellation) is > 0 and var count)
        {
            await WriteAsync(buffer.AsMemory(0, count), cancellation);
            Bytes += count;
        }
    }

    /// <summary>What was written, from the disk.</summary>
    public FileStream ReadBack()
    {
        _stream.Flush();
        return new FileStream(_part, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
    }

    /// <summary>Puts it into its place.</summary>
    public void Complete()
    {
        try
        {
            _stream.Dispose();
            File.Move(_part, _path, _isReplaced);
        }
        catch (IOException failure) when (File.Exists(_path) && !_isReplaced)
        {
            throw new CliFailure(ExitCode.Conflict, $"{_file} is there already, made while this was written", failure.Message, "another name, or --force to replace it");
        }
        catch (IOException failure)
        {
            throw Failed(failure);
        }
    }

    /// <summary>Takes away what is not complete.</summary>
    public void Dispose()
    {
        try
        {
            _stream.Dispose();
        }
        catch (IOException)
        {
            // What was still to be written had no room, which was said when it was noticed.
        }

        File.Delete(_part);
    }

    private static FileStream Made(string part, bool isPrivate)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.Read };
        if (isPrivate && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(part, options);
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        try
        {
            await _stream.WriteAsync(bytes, cancellation);
            await _stream.FlushAsync(cancellation);
        }
        catch (IOException failure)
        {
            throw Failed(failure);
        }
    }

    private CliFailure Failed(IOException failure) => NoRoom.Contains(failure.HResult & 0xFFFF)
        ? new(ExitCode.Failed, $"the disk of {_file} has no room", $"{Bytes} bytes were written and taken away again; there is no {_file} that is not complete", "make room, or another place")
        : new(ExitCode.Failed, $"writing {_file} failed after {Bytes} bytes", failure.Message, "another place");
}
