using System.Net;
using System.Runtime.InteropServices;

namespace Pilotage.Broker.Loops;

/// <summary>The calls of the C library that an event loop rests on; constants are those of Linux.</summary>
internal static partial class SocketCalls
{
    public const int EAgain = 11;
    public const int EIntr = 4;
    public const int ENFile = 23;
    public const int EMFile = 24;

    public const uint In = 0x001;
    public const uint Out = 0x004;
    public const uint PeerClosed = 0x2000;
    public const uint EdgeTriggered = 1u << 31;


    private const int Add = 1;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int NoSignal = 0x4000;
    private const int ShutdownBoth = 2;
    private const int ProtocolTcp = 6;
    private const int NoDelay = 1;

    /// <summary>The kernel packs the structure on x64 alone.</summary>
    public static int EventBytes { get; } = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    public static int LastError => Marshal.GetLastPInvokeError();

    public static string Words(int error) => $"{Marshal.GetPInvokeErrorMessage(error)} ({error})";

    public static int NewEpoll() => Checked(EpollCreate(CloseOnExec), "epoll_create1");

    public static int NewEvent() => Checked(TryNewEvent(), "eventfd");

    /// <summary>Negative where there is no descriptor left.</summary>
    public static int TryNewEvent() => EventFd(0, CloseOnExec | NonBlocking);

    /// <summary>Watches a descriptor; what comes of it carries <paramref name="data"/>.</summary>
    public static void Watch(int epoll, int descriptor, uint events, ulong data)
    {
        Span<byte> item = stackalloc byte[EventBytes];
        MemoryMarshal.Write(item, events);
        MemoryMarshal.Write(item[(EventBytes - sizeof(ulong))..], data);
        Checked(EpollControl(epoll, Add, descriptor, item), "epoll_ctl");
    }

    public static (uint Events, ulong Data) Event(ReadOnlySpan<byte> events, int index)
    {
        var item = events.Slice(index * EventBytes, EventBytes);
        return (MemoryMarshal.Read<uint>(item), MemoryMarshal.Read<ulong>(item[(EventBytes - sizeof(ulong))..]));
    }

    public static int Wait(int epoll, Span<byte> events, int milliseconds) =>
        EpollWait(epoll, events, events.Length / EventBytes, milliseconds);

    /// <summary>The next connection, with its peer's address; negative when there is none.</summary>
    public static int Accept(int listener, Span<byte> address, out int addressBytes)
    {
        addressBytes = address.Length;
        return Accept4(listener, address, ref addressBytes, CloseOnExec | NonBlocking);
    }

    public static nint Receive(int socket, Span<byte> into) => Recv(socket, into, into.Length, 0);

    public static nint Send(int socket, ReadOnlySpan<byte> bytes) => Send(socket, bytes, bytes.Length, NoSignal);

    /// <summary>Sends at once whatever is written; what belongs together is written together.</summary>
    public static void SetNoDelay(int socket)
    {
        Span<byte> on = stackalloc byte[sizeof(int)];
        MemoryMarshal.Write(on, 1);
        _ = SetOption(socket, ProtocolTcp, NoDelay, on, on.Length);
    }

    public static void ShutDown(int socket) => _ = Shutdown(socket, ShutdownBoth);

    public static void Signal(int descriptor)
    {
        Span<byte> one = stackalloc byte[sizeof(ulong)];
        MemoryMarshal.Write(one, 1UL);
        _ = Write(descriptor, one, one.Length);
    }

    public static void TakeSignal(int descriptor)
    {
        Span<byte> count = stackalloc byte[sizeof(ulong)];
        _ = Read(descriptor, count, count.Length);
    }

    /// <summary>The peer's address as the kernel wrote it; nothing for other families than IP.</summary>
    public static IPEndPoint? EndPointOf(ReadOnlySpan<byte> address)
    {
        var family = MemoryMarshal.Read<ushort>(address);
        var any = family switch
        {
            2 => new IPEndPoint(IPAddress.Any, 0),
            10 => new IPEndPoint(IPAddress.IPv6Any, 0),
            _ => null,
        };
        if (any is null)
        {
            return null;
        }

        var told = new SocketAddress(any.AddressFamily, address.Length);
        address.CopyTo(told.Buffer.Span);
        return (IPEndPoint)any.Create(told);
    }

    private static int Checked(int answer, string call) => answer >= 0
        ? answer
        : throw new IOException($"{call}: {Words(LastError)}");

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int EpollControl(int epoll, int operation, int descriptor, Span<byte> item);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int EpollWait(int epoll, Span<byte> events, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int EventFd(uint first, int flags);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Accept4(int socket, Span<byte> address, ref int addressBytes, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Recv(int socket, Span<byte> into, nint count, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Send(int socket, ReadOnlySpan<byte> bytes, nint count, int flags);

    [LibraryImport("libc", EntryPoint = "shutdown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Shutdown(int socket, int how);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetOption(int socket, int level, int option, ReadOnlySpan<byte> value, int bytes);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nint count);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Read(int descriptor, Span<byte> into, nint count);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Close(int descriptor);
}
