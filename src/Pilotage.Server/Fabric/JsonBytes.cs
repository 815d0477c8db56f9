using System.Buffers;
using System.Text;
using System.Text.Json;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>JSON as bytes, for answers of many small values; who writes cares for the commas.</summary>
/// <remarks>A <see cref="Utf8JsonWriter"/> checks and escapes every name anew; here a name that comes again and again is a piece of text.</remarks>
/// <param name="bytesAtFirst">About how many it will be; there is room for more.</param>
internal sealed class JsonBytes(int bytesAtFirst = JsonBytes.BytesAtFirst) : IDisposable
{
    private const int BytesAtFirst = 64 * 1024;
    private const int QuotesAndColon = 3;
    private const int ListBytes = 3;
    private static readonly SearchValues<char> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./: ");
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(bytesAtFirst);

    private int _places;

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>A name as it stands before its value.</summary>
    public static byte[] Name(string name) => [(byte)'"', .. JsonEncodedText.Encode(name).EncodedUtf8Bytes, (byte)'"', (byte)':'];

    public void Add(ReadOnlySpan<byte> json)
    {
        json.CopyTo(Room(json.Length));
        Length += json.Length;
    }

    public void Text(string text)
    {
        if (text.AsSpan().ContainsAnyExcept(Plain))
        {
            Add(Name(text).AsSpan(..^1));
            return;
        }

        // Fast path: nothing to escape.
        var room = Room(text.Length + QuotesAndColon);
        room[0] = (byte)'"';
        var length = Encoding.ASCII.GetBytes(text, room[1..]);
        room[length + 1] = (byte)'"';
        Length += length + 2;
    }

    public void TextOrNull(string? text)
    {
        if (text is null)
        {
            Add("null"u8);
        }
        else
        {
            Text(text);
        }
    }

    /// <summary>A value; null of a number that JSON has no way to write.</summary>
    public void Value(SeriesValue value)
    {
        switch (value.Kind)
        {
            case SeriesKind.Number:
                Number(value.Number);
                break;
            case SeriesKind.Whole:
                Length += JsonNumber.Format(value.Whole, Room(JsonNumber.BytesMax));
                break;
            case SeriesKind.Truth:
                Add(value.IsTrue ? "true"u8 : "false"u8);
                break;
            case SeriesKind.Text:
                Text(value.Text!);
                break;
            default:
                Add(Encoding.UTF8.GetBytes(value.Text!));
                break;
        }
    }

    /// <summary>A time, in ms since 1970.</summary>
    public void Milliseconds(long timeNs) => Length += JsonNumber.FormatMilliseconds(timeNs, Room(JsonNumber.BytesMax));

    /// <summary>A time in ms since 1970 and a finite number, as a list of two.</summary>
    public void Pair(long timeNs, double value)
    {
        var room = Room((2 * JsonNumber.BytesMax) + ListBytes);
        room[0] = (byte)'[';
        var length = 1 + JsonNumber.FormatMilliseconds(timeNs, room[1..]);
        room[length++] = (byte)',';
        length += JsonNumber.Format(value, ref _places, room[length..]);
        room[length++] = (byte)']';
        Length += length;
    }

    public void Clear() => Length = 0;

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    private void Number(double value)
    {
        if (double.IsFinite(value))
        {
            Length += JsonNumber.Format(value, Room(JsonNumber.BytesMax));
        }
        else
        {
            Add("null"u8);
        }
    }

    private Span<byte> Room(int bytes)
    {
        if (_bytes.Length - Length < bytes)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _bytes.Length, Length + bytes));
            Written.Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        return _bytes.AsSpan(Length);
    }
}
