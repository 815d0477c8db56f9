using System.Buffers.Binary;
using Pilotage.Core.Durability;

namespace Pilotage.Simulation.Durability;

/// <summary>What a sender knows: what it tried in order, what was acknowledged; compared with what the log holds.</summary>
internal sealed class LogLedger
{
    private readonly List<(long Id, bool Acked)> _tried = [];
    private long _lastId;

    public int Missing { get; private set; }

    public int Altered { get; private set; }

    public int Invented { get; private set; }

    public int Acked { get; private set; }

    public int Faults => Missing + Altered + Invented;

    /// <summary>A record that carries its id and bytes that follow from it.</summary>
    public byte[] Next(Random random)
    {
        var id = ++_lastId;
        var record = Content(id, random.Next(4) == 0 ? random.Next(3000) : random.Next(120));
        return record;
    }

    public static long IdOf(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt64LittleEndian(record);

    public void Note(byte[] record, bool acked)
    {
        _tried.Add((IdOf(record), acked));
        Acked += acked ? 1 : 0;
    }

    /// <summary>After a crash: the log must hold all that was acknowledged, in order, and of the rest a prefix.</summary>
    public void Account(IEnumerable<LogRecord> records)
    {
        var at = 0;
        long sequence = 0;
        foreach (var record in records)
        {
            sequence++;
            if (!IsIntact(record.Payload.Span) || record.Sequence != sequence)
            {
                Altered++;
                continue;
            }

            var id = IdOf(record.Payload.Span);
            if (at < _tried.Count && _tried[at].Id == id)
            {
                // Served once, it may be built on: from now on it counts as acknowledged.
                _tried[at++] = (id, true);
            }
            else
            {
                Invented++;
            }
        }

        Missing += _tried.Skip(at).Count(entry => entry.Acked);
        _tried.RemoveRange(at, _tried.Count - at);
    }

    public static bool IsIntact(ReadOnlySpan<byte> record) =>
        record.Length >= sizeof(long) && record.SequenceEqual(Content(IdOf(record), record.Length - sizeof(long)));

    private static byte[] Content(long id, int extra)
    {
        var record = new byte[sizeof(long) + extra];
        BinaryPrimitives.WriteInt64LittleEndian(record, id);
        for (var i = sizeof(long); i < record.Length; i++)
        {
            record[i] = (byte)(id * 31 + i);
        }

        return record;
    }
}
