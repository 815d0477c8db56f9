namespace Pilotage.Core.Durability;

/// <summary>A file of the operating system, every answer of it checked.</summary>
internal sealed class PosixFile : IDurableFile
{
    private readonly string _path;
    private int _descriptor;

    public PosixFile(string path, DurableOpen mode)
    {
        _path = path;
        var flags = Libc.CloseOnExec | mode switch
        {
            DurableOpen.ReadOnly => Libc.ReadOnly,
            DurableOpen.CreateNew => Libc.ReadWrite | Libc.Create | Libc.Exclusive,
            DurableOpen.OpenOrCreate => Libc.ReadWrite | Libc.Create,
            _ => Libc.ReadWrite,
        };
        do
        {
            _descriptor = Libc.Open(path, flags, PosixDirectory.FileMode);
        }
        while (_descriptor < 0 && Libc.Interrupted);
        if (_descriptor < 0)
        {
            GC.SuppressFinalize(this);
            throw Libc.Failure("open", path);
        }
    }

    ~PosixFile() => Close();

    public long Length
    {
        get
        {
            const int End = 2;
            var length = Libc.Seek(Descriptor, 0, End);
            return length >= 0 ? length : throw Libc.Failure("lseek", _path);
        }
    }

    private int Descriptor
    {
        get
        {
            ObjectDisposedException.ThrowIf(_descriptor < 0, this);
            return _descriptor;
        }
    }

    public int Read(long offset, Span<byte> into)
    {
        var total = 0;
        while (total < into.Length)
        {
            var count = Libc.Read(Descriptor, into[total..], into.Length - total, offset + total);
            if (count == 0)
            {
                break;
            }

            total += Checked(count, "pread");
        }

        return total;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var count = Checked(Libc.Write(Descriptor, bytes, bytes.Length, offset), "pwrite");
            bytes = bytes[count..];
            offset += count;
        }
    }

    public void Truncate(long length) => Checked(Libc.Truncate(Descriptor, length), "ftruncate");

    public void Sync()
    {
        // Not repeated when it fails, not even on EINTR: a second call may succeed without the data.
        if (Libc.SyncData(Descriptor) != 0)
        {
            throw Libc.Failure("fdatasync", _path);
        }
    }

    public void Dispose()
    {
        Close();
        GC.SuppressFinalize(this);
    }

    private int Checked(nint answer, string call)
    {
        if (answer >= 0)
        {
            return (int)answer;
        }

        return Libc.Interrupted ? 0 : throw Libc.Failure(call, _path);
    }

    private void Close()
    {
        var descriptor = Interlocked.Exchange(ref _descriptor, -1);
        if (descriptor >= 0)
        {
            // Nothing rests on this answer: what had to be durable was synced, and checked, before.
            _ = Libc.Close(descriptor);
        }
    }
}
