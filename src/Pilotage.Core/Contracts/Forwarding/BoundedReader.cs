using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Pilotage.Core.Contracts.Forwarding;

/// <summary>Reads varints and length-prefixed fields, each against a bound; false means malformed and nothing more is read.</summary>
internal ref struct BoundedReader(ReadOnlySpan<byte> source)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly ReadOnlySpan<byte> _source = source;
    private int _at;

    public readonly bool AtEnd => _at == _source.Length;

    public bool TryByte(out byte value)
    {
        value = 0;
        if (_at >= _source.Length)
        {
            return false;
        }

        value = _source[_at++];
        return true;
    }

    public bool TryNumber(long max, out long value)
    {
        value = 0;
        if (!TryRaw(out var raw) || raw > (ulong)max)
        {
            return false;
        }

        value = (long)raw;
        return true;
    }

    public bool TrySigned(out long value)
    {
        var ok = TryRaw(out var raw);
        value = (long)(raw >> 1) ^ -(long)(raw & 1);
        return ok;
    }

    public bool TryText(int bytesMax, [NotNullWhen(true)] out string? text)
    {
        text = null;
        if (!TryNumber(bytesMax, out var length) || length > _source.Length - _at)
        {
            return false;
        }

        var bytes = _source.Slice(_at, (int)length);
        _at += (int)length;
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return false;
        }

        text = Strict.GetString(bytes);
        return true;
    }

    public bool TryBytes(int bytesMax, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (!TryNumber(bytesMax, out var length) || length > _source.Length - _at)
        {
            return false;
        }

        bytes = _source.Slice(_at, (int)length).ToArray();
        _at += (int)length;
        return true;
    }

    private bool TryRaw(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (!TryByte(out var part))
            {
                return false;
            }

            // The tenth byte may carry one bit only, or the value would not fit.
            if (shift == 63 && part > 1)
            {
                return false;
            }

            value |= (ulong)(part & 0x7F) << shift;
            if ((part & 0x80) == 0)
            {
                return true;
            }
        }

        return false;
    }
}
