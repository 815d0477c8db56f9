using System.Buffers;
using System.Runtime.InteropServices;
using Pilotage.Core;
using Pilotage.Streams;
using Xunit;

namespace Pilotage.Tests.Streams;

/// <summary>Rows of pumps as a plant sends them, out of order, late, repeated, with NULLs and texts, and what of them a pipeline takes, worked out by hand.</summary>
internal static class Disorder
{
    public const long SecondNs = 1_000_000_000;
    public const long EndNs = 0x7FEF_FFFF_FFFF_FFFF;
    public static readonly DeviceId[] Devices = [new("a"), new("b"), new("c")];

    /// <summary>So many rows; a step without a device is a clock that moves on. Times are whole seconds, so that many are alike.</summary>
    public static List<PushedRow> Rows(Random random, int count, bool clock)
    {
        var rows = new List<PushedRow>();
        var now = Pump.StartNs;
        for (var i = 0; i < count; i++)
        {
            now += random.Next(0, 5) * SecondNs;
            var values = Pump.Row(random.Next(10) == 0 ? double.NaN : random.Next(100) / 4.0, load: random.Next(100), pressure: random.Next(4));
            rows.Add(random.Next(15) switch
            {
                0 when clock => new(null, now - (40 * SecondNs), [], null, i),
                1 when i > 0 => rows[^1],
                _ => new(Devices[random.Next(Devices.Length)], now - (random.Next(0, random.Next(4) == 0 ? 60 : 15) * SecondNs), values, random.Next(4) == 0 ? null : $"s{random.Next(3)}", i),
            });
        }

        return rows;
    }

    /// <summary>The rows of each device that are neither late nor repeated, in order of time, then of arrival.</summary>
    public static Dictionary<DeviceId, List<PushedRow>> Taken(IEnumerable<PushedRow> rows, long latenessNs)
    {
        var (taken, watermarks, clock) = (new Dictionary<DeviceId, List<PushedRow>>(), new Dictionary<DeviceId, long>(), long.MinValue);
        foreach (var row in rows)
        {
            if (row.Device is not { } device)
            {
                clock = Math.Max(clock, row.TimeNs);
            }
            else if (row.TimeNs >= Math.Max(clock, watermarks.GetValueOrDefault(device, long.MinValue)))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(taken, device, out _) ??= [];
                taken[device].Add(row);
                watermarks[device] = Math.Max(watermarks.GetValueOrDefault(device, long.MinValue), row.TimeNs - latenessNs);
            }
        }

        foreach (var (device, all) in taken)
        {
            var kept = new List<PushedRow>();
            foreach (var row in all.OrderBy(row => row.TimeNs))
            {
                if (kept.Count == 0 || !row.Repeats(kept[^1]))
                {
                    kept.Add(row);
                }
            }

            taken[device] = kept;
        }

        return taken;
    }

    /// <summary>What a text puts out for these rows, and for the end of all time.</summary>
    public static RecordingSink Run(string sql, IEnumerable<PushedRow> rows, out PipelineCounters counters)
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile(sql), sink);
        foreach (var row in rows)
        {
            row.Feed(flow);
        }

        flow.Advance(EndNs);
        counters = flow.Counters;
        return sink;
    }

    /// <summary>Kills a run at every row and restores another one, which must go on as if nothing had been.</summary>
    public static void IsTheSameKilledAnywhere(string sql, List<PushedRow> rows)
    {
        var plan = Pump.Compile(sql);
        var whole = Run(sql, rows, out var counters);
        for (var cut = 0; cut <= rows.Count; cut++)
        {
            var sink = new RecordingSink();
            var killed = Pump.Start(plan, sink);
            rows.Take(cut).ToList().ForEach(row => row.Feed(killed));
            var bytes = new ArrayBufferWriter<byte>();
            killed.Checkpoint(bytes);
            var restored = Pump.Start(plan, sink);
            Assert.Equal(0, restored.Restore(bytes.WrittenSpan).Value.StartedEmpty);
            rows.Skip(cut).ToList().ForEach(row => row.Feed(restored));
            restored.Advance(EndNs);
            Assert.Equal(whole.Lines, sink.Lines);
            Assert.Equal(counters, restored.Counters);
        }
    }

    /// <summary>The same rows of each device in the same order, those of different devices mixed otherwise.</summary>
    public static List<PushedRow> Mixed(Random random, IEnumerable<PushedRow> rows)
    {
        var queues = rows.GroupBy(row => row.Device).Select(own => new Queue<PushedRow>(own)).ToList();
        var mixed = new List<PushedRow>();
        while (queues.Count > 0)
        {
            var queue = queues[random.Next(queues.Count)];
            mixed.Add(queue.Dequeue());
            queues.RemoveAll(left => left.Count == 0);
        }

        return mixed;
    }
}

/// <summary>One row that is pushed, or a clock that moves on.</summary>
internal sealed record PushedRow(DeviceId? Device, long TimeNs, double[] Values, string? Serial, int Id)
{
    public double Vibration => Values[0];

    public double Load => Values[3];

    public double Pressure => Values[4];

    public bool Repeats(PushedRow before) => TimeNs == before.TimeNs && Serial == before.Serial && Values.AsSpan().SequenceEqual(before.Values);

    public void Feed(Dataflow flow)
    {
        if (Device is { } device)
        {
            flow.Push(0, device, TimeNs, Values, [null, null, null, null, null, null, Serial], Id);
        }
        else
        {
            flow.Advance(TimeNs);
        }
    }
}
