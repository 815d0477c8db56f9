using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Doors;

/// <summary>Reads the body of a request with telemetry whole, unpacked where it is packed, up to a bound.</summary>
internal static class DoorBody
{
    private const int ChunkBytes = 32 * 1024;
    private static readonly byte[] EndMark = RandomNumberGenerator.GetBytes(16);
    private static readonly byte[] EndMember = Packed(EndMark);

    /// <summary>The bytes, or why they are refused.</summary>
    public static async Task<Outcome<ReadOnlyMemory<byte>>> ReadAsync(HttpRequest request, ServerOptions options, DoorLimits limits, CancellationToken cancellation)
    {
        switch (request.Headers.ContentEncoding.ToString().ToLowerInvariant())
        {
            case "" or "identity":
                return request.ContentLength > options.IngestBytesMax
                    ? limits.TooLarge()
                    : await ReadAsync(request.Body, options.IngestBytesMax, limits, cancellation, (int)(request.ContentLength ?? 0));
            case "gzip" or "x-gzip":
                return await UnpackAsync(request, options, limits, cancellation);
            case var other:
                var shown = other.Length <= 60 ? other : other[..60] + "…";
                return new Refusal("fabric.ingest.media_type", $"The body is packed as \"{shown}\"; send it as it is, or with Content-Encoding: gzip.");
        }
    }

    private static async Task<Outcome<ReadOnlyMemory<byte>>> UnpackAsync(HttpRequest request, ServerOptions options, DoorLimits limits, CancellationToken cancellation)
    {
        var packed = await ReadAsync(request.Body, options.IngestBytesMax, limits, cancellation);
        if (!packed.TryGet(out var bytes, out var refusal))
        {
            return refusal;
        }

        // Several members one after the other are one text (RFC 1952, section 2.2), and the stream reads on by itself. It says nothing
        // where they end in the middle, so one more follows them: its text comes out at the end only if they were whole.
        await using var unpacked = new GZipStream(new MemoryStream([.. bytes.Span, .. EndMember]), CompressionMode.Decompress);
        try
        {
            var read = await ReadAsync(unpacked, options.IngestBytesMax + EndMark.Length, limits, cancellation);
            return read.Then(text => text.Span.EndsWith(EndMark) ? (Outcome<ReadOnlyMemory<byte>>)text[..^EndMark.Length] : NotWhole);
        }
        catch (InvalidDataException)
        {
            return NotWhole;
        }
    }

    private static Refusal NotWhole { get; } = new("request.malformed", "The body is not gzip, or it ends in the middle.");

    private static byte[] Packed(byte[] text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(text);
        }

        return packed.ToArray();
    }

    private static async Task<Outcome<ReadOnlyMemory<byte>>> ReadAsync(Stream body, int bytesMax, DoorLimits limits, CancellationToken cancellation, int expected = 0)
    {
        // One byte more than is announced shows the end without another array.
        var read = new ArrayBufferWriter<byte>(expected > 0 ? expected + 1 : ChunkBytes);
        while (await body.ReadAsync(read.GetMemory(1), cancellation) is > 0 and var count)
        {
            read.Advance(count);
            if (read.WrittenCount > bytesMax)
            {
                return limits.TooLarge();
            }
        }

        return (Outcome<ReadOnlyMemory<byte>>)read.WrittenMemory;
    }
}
