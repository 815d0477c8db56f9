using Pilotage.Core.Durability;

namespace Pilotage.Server.Hosting.Backup;

/// <summary>Writes a new file from its start to its end; it is durable when this is disposed, its name when the folder is synced.</summary>
internal sealed class DurableStream(IDurableDirectory folder, string name) : Stream
{
    private readonly IDurableFile _file = folder.Open(name, DurableOpen.CreateNew);
    private long _length;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException("It is written from its start to its end.");
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _file.Write(_length, buffer);
        _length += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("It is only written.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("It is written from its start to its end.");

    public override void SetLength(long value) => throw new NotSupportedException("It is written from its start to its end.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            try
            {
                _file.Sync();
            }
            finally
            {
                _file.Dispose();
            }
        }

        base.Dispose(disposing);
    }
}
