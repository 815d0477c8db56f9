using System.Buffers.Binary;
using System.IO.Compression;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo.Fleet;

/// <summary>Whether a data file is whole, before a line of it is believed: the runtime unpacks a gzip file that was cut off as far as it goes, and says nothing.</summary>
/// <remarks>RFC 1952, section 2.3: a file begins with 1f 8b and ends with the length of what was packed, modulo 2^32. One member, as gzip writes it.</remarks>
internal static class GzipCheck
{
    public const string Ending = ".gz";

    /// <summary>The fixed header and the trailer.</summary>
    private const int BytesMin = 18;
    private const int LengthBytes = 4;

    /// <summary>Refuses a gzip file that is cut off or damaged, and one that is not called what it is.</summary>
    public static void Demand(string file)
    {
        var name = Path.GetFileName(file);
        using var stream = Open(file);
        var isGzip = stream.ReadByte() == 0x1f && stream.ReadByte() == 0x8b;
        var isCalledSo = file.EndsWith(Ending, StringComparison.Ordinal);
        if (isGzip != isCalledSo)
        {
            throw isGzip
                ? new CliFailure(ExitCode.Failed, $"{name}: the file is gzip and must end in {Ending}", "it begins with 1f 8b (RFC 1952)", $"mv {file} {file}{Ending}")
                : new CliFailure(ExitCode.Failed, $"{name}: the file is not gzip", "it does not begin with 1f 8b (RFC 1952)", $"mv {file} {file[..^Ending.Length]} if it is plain text, or download it again");
        }

        if (isGzip && CutOff(stream, name, file) is { } why)
        {
            throw new CliFailure(ExitCode.Failed, $"{name}: the file is cut off", why, $"download or pack it again; gzip -t {file} checks it");
        }
    }

    public static FileStream Open(string file)
    {
        try
        {
            return File.OpenRead(file);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.Failed, $"cannot open {file}", FileFault.Why(failure, file), "--data with a folder whose files you may read");
        }
    }

    private static string? CutOff(FileStream stream, string name, string file)
    {
        if (stream.Length < BytesMin)
        {
            return $"it has {stream.Length} bytes, and {BytesMin} are the least (RFC 1952)";
        }

        var end = new byte[LengthBytes];
        stream.Position = stream.Length - LengthBytes;
        stream.ReadExactly(end);
        var said = BinaryPrimitives.ReadUInt32LittleEndian(end);
        stream.Position = 0;
        try
        {
            var unpacked = Unpack(stream);
            return unpacked == said ? null : $"{unpacked} bytes came out of it, and its end says {said} (RFC 1952)";
        }
        catch (InvalidDataException failure)
        {
            throw new CliFailure(ExitCode.Failed, $"{name}: the file cannot be unpacked", failure.Message, $"download or pack it again; gzip -t {file} checks it");
        }
    }

    private static uint Unpack(FileStream stream)
    {
        using var gzip = new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true);
        var buffer = new byte[64 * 1024];
        uint length = 0;
        while (gzip.Read(buffer) is > 0 and var read)
        {
            length = unchecked(length + (uint)read);
        }

        return length;
    }
}
