using System.Buffers.Text;
using System.Text;

namespace Pilotage.Load.Series;

/// <summary>Ten kinds of signal that a machine sends, each at the resolution of its sensor: walks, noise, a counter, a state.</summary>
/// <remarks>The same seed makes the same points; a message every second from each device, a few milliseconds off.</remarks>
internal sealed class Signals(int devices)
{
    public const int Properties = 10;

    /// <summary>The first second, in ms; a whole number of 5 minutes.</summary>
    public const long StartMs = 1_760_000_400_000;

    private const int LineBytesMax = 320;
    private readonly double[] _state = [.. Enumerable.Range(0, devices * Properties).Select(First)];
    private readonly double[] _values = new double[devices * Properties];
    private readonly byte[][] _names = [.. Enumerable.Range(0, devices).Select(device => Encoding.ASCII.GetBytes($"env,device={IdOf(device)} "))];
    private ulong _chance = 88172645463325252;

    public int Devices => devices;

    public static string IdOf(int device) => $"dev-{device:D5}";

    /// <summary>Messages in line protocol, so many to a body.</summary>
    public IEnumerable<byte[]> Bodies(int seconds, int linesEach)
    {
        var (body, length, lines) = (new byte[linesEach * LineBytesMax], 0, 0);
        for (var second = 0; second < seconds; second++)
        {
            for (var device = 0; device < devices; device++)
            {
                length += Line(body.AsSpan(length), device, StartMs + (second * 1000L));
                if (++lines == linesEach)
                {
                    yield return body[..length];
                    (length, lines) = (0, 0);
                }
            }
        }

        if (lines > 0)
        {
            yield return body[..length];
        }
    }

    /// <summary>The same messages as numbers; in their order.</summary>
    public IEnumerable<(int Device, long TimeMs, double[] Values)> Rows(int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            for (var device = 0; device < devices; device++)
            {
                var timeMs = Next(device, StartMs + (second * 1000L));
                yield return (device, timeMs, _values[(device * Properties)..((device + 1) * Properties)]);
            }
        }
    }

    private static double First(int at) => (at % Properties) switch
    {
        0 => 20 + (at % 37),
        1 => 45.0,
        2 => 1.2,
        3 => 8.0,
        4 => 1480,
        5 => at * 3.0,
        6 => 1,
        7 => 101.3,
        8 => 230,
        _ => 100.0,
    };

    private int Line(Span<byte> into, int device, long secondMs)
    {
        var timeMs = Next(device, secondMs);
        _names[device].CopyTo(into);
        var length = _names[device].Length;
        for (var property = 0; property < Properties; property++)
        {
            into[length++] = (byte)'m';
            into[length++] = (byte)('0' + property);
            into[length++] = (byte)'=';
            Utf8Formatter.TryFormat(_values[(device * Properties) + property], into[length..], out var number);
            length += number;
            into[length++] = (byte)(property == Properties - 1 ? ' ' : ',');
        }

        Utf8Formatter.TryFormat(timeMs, into[length..], out var time);
        length += time;
        into[length++] = (byte)'\n';
        return length;
    }

    private double Chance()
    {
        _chance ^= _chance << 13;
        _chance ^= _chance >> 7;
        _chance ^= _chance << 17;
        return (_chance >> 11) * (1.0 / (1UL << 53));
    }

    private long Next(int device, long secondMs)
    {
        var at = device * Properties;
        Walk(at, 0.1, 2);
        Walk(at + 1, 0.2, 1);
        _values[at + 2] = Math.Round(1.2 + ((Chance() + Chance() - 1) * 0.2), 3);
        _values[at + 3] = Math.Round(8 + (Chance() - 0.5), 2);
        _values[at + 4] = Math.Floor(1480 + (Chance() * 12));
        _values[at + 5] = Math.Round(_state[at + 5] += Chance() * 0.2, 1);
        _values[at + 6] = _state[at + 6] = Chance() < 0.002 ? Math.Floor(Chance() * 4) : _state[at + 6];
        Walk(at + 7, 0.02, 2);
        _values[at + 8] = Math.Round(230 + ((Chance() - 0.5) * 2), 1);
        _values[at + 9] = Math.Round(_state[at + 9] -= Chance() * 0.001, 2);
        return secondMs + (device % 1000) + (long)(Chance() * 10);
    }

    private void Walk(int at, double step, int digits) => _values[at] = Math.Round(_state[at] += (Chance() - 0.5) * step, digits);
}
