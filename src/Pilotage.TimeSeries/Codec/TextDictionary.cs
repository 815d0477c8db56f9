using System.IO.Compression;
using System.Text;

namespace Pilotage.TimeSeries.Codec;

/// <summary>The different texts of a block, each once; columns hold their places. Compressed where that pays.</summary>
/// <remarks>Layout: form, count, length of what follows when unpacked; then each text as UTF-8 behind its length, as it is or compressed.</remarks>
internal static class TextDictionary
{
    // What one record of the log can hold, so one row at the very most; a writer begins a new block long before.
    private const int BytesMax = 256 * 1024 * 1024;

    private const byte Plain = 0;
    private const byte Compressed = 1;
    private const int BrotliQuality = 4;
    private const int BrotliWindow = 18;

    // Fewer bytes than this do not pay for the attempt.
    private const int CompressedFrom = 64;

    public static void Write(BytesWriter writer, ReadOnlySpan<string> texts)
    {
        var body = new BytesWriter();
        foreach (var text in texts)
        {
            body.Text(text);
        }

        var packed = new byte[body.Length];
        var pays = body.Length >= CompressedFrom
            & BrotliEncoder.TryCompress(body.Written, packed, out var length, BrotliQuality, BrotliWindow)
            & length < body.Length;
        writer.Byte(pays ? Compressed : Plain);
        writer.VarInt((ulong)texts.Length);
        writer.VarInt((ulong)body.Length);
        writer.Bytes(pays ? packed.AsSpan(0, length) : body.Written);
    }

    /// <summary>Reads all that is left as a dictionary; null on bytes that cannot be.</summary>
    public static string[]? Read(ref BytesReader reader)
    {
        var form = reader.Byte();
        var count = reader.VarInt();
        var length = reader.VarInt();
        if (reader.IsBad || form > Compressed || length > BytesMax || count > length)
        {
            return null;
        }

        var body = reader.Bytes(reader.Left);
        if (form == Compressed)
        {
            var unpacked = new byte[length];
            if (!BrotliDecoder.TryDecompress(body, unpacked, out var written) || written != unpacked.Length)
            {
                return null;
            }

            body = unpacked;
        }

        return body.Length == (int)length ? Texts(body, (int)count) : null;
    }

    private static string[]? Texts(ReadOnlySpan<byte> body, int count)
    {
        var reader = new BytesReader(body);
        var texts = new string[count];
        for (var i = 0; i < count; i++)
        {
            texts[i] = Encoding.UTF8.GetString(reader.Bytes(reader.Count(1)));
        }

        return reader.IsBad || reader.Left > 0 ? null : texts;
    }
}
