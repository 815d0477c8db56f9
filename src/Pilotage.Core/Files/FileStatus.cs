using System.Runtime.InteropServices;

namespace Pilotage.Core.Files;

/// <summary>Kind and size of what stands under a name, a link not followed.</summary>
/// <remarks>
/// The runtime tells neither a pipe, a socket nor a device from an empty file, so the kernel is asked. The layout of
/// statx is the same on every Linux, unlike that of stat.
/// </remarks>
public readonly partial record struct FileStatus(FileKind Kind, long Bytes)
{
    // struct statx: 256 bytes, the mode in 16 bits at 28, the size in 64 bits at 40, both in the machine's order.
    private const int StatxBytes = 256;
    private const int ModeAt = 28;
    private const int SizeAt = 40;

    private const int CurrentFolder = -100;
    private const int NoFollow = 0x100;
    private const uint TypeAndSize = 0x201;

    private const int TypeMask = 0xF000;
    private const int TypePipe = 0x1000;
    private const int TypeCharacters = 0x2000;
    private const int TypeFolder = 0x4000;
    private const int TypeBlocks = 0x6000;
    private const int TypeRegular = 0x8000;
    private const int TypeLink = 0xA000;

    /// <summary>Asks for the status; throws <see cref="IOException"/> when there is nothing, or it may not be seen.</summary>
    public static FileStatus Of(string path)
    {
        Span<byte> status = stackalloc byte[StatxBytes];
        if (Statx(CurrentFolder, path, NoFollow, TypeAndSize, status) != 0)
        {
            throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        var mode = BitConverter.ToUInt16(status[ModeAt..]);
        return new FileStatus(KindOf(mode & TypeMask), BitConverter.ToInt64(status[SizeAt..]));
    }

    private static FileKind KindOf(int type) => type switch
    {
        TypeRegular => FileKind.Regular,
        TypeFolder => FileKind.Folder,
        TypeLink => FileKind.Link,
        TypePipe => FileKind.Pipe,
        TypeCharacters or TypeBlocks => FileKind.Device,
        _ => FileKind.Socket,
    };

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int folder, string path, int flags, uint mask, Span<byte> status);
}
