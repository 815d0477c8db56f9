using System.Buffers.Binary;

namespace Pilotage.Core.Durability;

/// <summary>What stands at a path, for those who would put a file in its place.</summary>
public static class PlainFile
{
    // statx(2): the type is in the upper bits of stx_mode, which stands at 28.
    private const int CurrentFolder = -100;
    private const int DoNotFollow = 0x100;
    private const uint TypeMask = 1;
    private const int StatBytes = 256;
    private const int ModeAt = 28;
    private const int TypeBits = 0xF000;
    private const int Regular = 0x8000;

    /// <summary>Whether something other than a file of bytes is there: a device, a pipe, a socket, a folder, a link. Not known, and so no, but on Linux.</summary>
    public static bool IsSomethingElse(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        Span<byte> stat = stackalloc byte[StatBytes];
        return Libc.Stat(CurrentFolder, path, DoNotFollow, TypeMask, stat) == 0
            && (BinaryPrimitives.ReadUInt16LittleEndian(stat[ModeAt..]) & TypeBits) != Regular;
    }
}
