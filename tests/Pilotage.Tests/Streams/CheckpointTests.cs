using System.Buffers;
using Pilotage.Core;
using Pilotage.Streams;
using Pilotage.Streams.State;
using Xunit;

namespace Pilotage.Tests.Streams;

public sealed class CheckpointTests
{
    /// <summary>Every kind of operator, chained models, several readers of one view.</summary>
    internal const string Everything = """
        SET 'pilotage.lateness' = '20 s';
        SET 'pilotage.alert.clear-rows' = '2';
        CREATE VIEW normalised AS
        SELECT device, ts, load, vibration, bearing_temp, ambient, vib_norm
        FROM ML_PREDICT(TABLE pump, MODEL regime, DESCRIPTOR(load, vibration)) WHERE running;
        CREATE VIEW features AS
        SELECT device, ts, load, RMS(vib_norm) OVER w AS vib_rms, AVG(bearing_temp - ambient) OVER w AS temp_rise,
               STDDEV(load) OVER everything AS spread, REGR_SLOPE(bearing_temp, ts) OVER lately AS trend,
               REGR_SLOPE(bearing_temp, ts) OVER everything AS drift, SUM(load) OVER everything AS total,
               LAG(load, 3) OVER w AS earlier, COUNT(*) OVER everything AS age, FIRST_VALUE(ts) OVER everything AS born
        FROM normalised
        WINDOW w AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 7 PRECEDING AND CURRENT ROW),
               lately AS (PARTITION BY device ORDER BY ts RANGE BETWEEN INTERVAL '2' MINUTE PRECEDING AND CURRENT ROW),
               everything AS (PARTITION BY device ORDER BY ts);
        CREATE VIEW scored AS SELECT * FROM ML_PREDICT(TABLE features, MODEL bearing_rul, DESCRIPTOR(vib_rms, temp_rise, load));
        INSERT INTO alerts SELECT device, ts, 'wear' AS kind, rul_days AS score FROM scored WHERE rul_days < ${alarm_days};
        INSERT INTO everything SELECT device, ts, vib_rms, temp_rise, spread, trend, drift, total, earlier, age,
               TIMESTAMPDIFF(SECOND, born, ts) AS uptime FROM scored;
        INSERT INTO minutes SELECT device, window_end AS ts, AVG(vibration) AS mean, MAX(load) AS top
        FROM HOP(TABLE normalised, DESCRIPTOR(ts), INTERVAL '20' SECOND, INTERVAL '1' MINUTE)
        GROUP BY device, window_start, window_end;
        """;

    private static readonly DeviceId[] Devices = [new("a"), new("b"), new("c")];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Killed_at_any_row_and_restored_it_goes_on_as_if_nothing_had_been(int seed)
    {
        var plan = Pump.Compile(seed == 1 ? Everything : Everything.Replace("'20 s'", "'0 s'", StringComparison.Ordinal));
        var rows = Rows(new(seed), 180);
        var whole = new RecordingSink();
        var flow = Pump.Start(plan, whole);
        foreach (var row in rows)
        {
            Feed(flow, row);
        }

        // The run must have exercised what it claims to restore.
        Assert.Contains(whole.Lines, line => line.StartsWith("raised", StringComparison.Ordinal));
        Assert.Contains(whole.Lines, line => line.StartsWith("cleared", StringComparison.Ordinal));
        Assert.Contains(whole.Lines, line => line.StartsWith("minutes", StringComparison.Ordinal));
        Assert.True(flow.Counters is { Late: > 5, Duplicates: > 5 }, flow.Counters.ToString());
        for (var cut = 0; cut <= rows.Count; cut++)
        {
            var sink = new RecordingSink();
            var killed = Pump.Start(plan, sink);
            foreach (var row in rows.Take(cut))
            {
                Feed(killed, row);
            }

            var restored = Pump.Start(plan, sink);
            Assert.Equal(0, restored.Restore(Checkpoint(killed)).Value.StartedEmpty);
            foreach (var row in rows.Skip(cut))
            {
                Feed(restored, row);
            }

            Assert.Equal(whole.Lines, sink.Lines);
            Assert.Equal(flow.Counters, restored.Counters);
        }
    }

    [Fact]
    public void A_device_whose_rows_all_wait_still_is_saved_and_goes_on()
    {
        // Of such a device no row was passed on, so there is no text of one to keep either.
        var plan = Pump.Compile("SET 'pilotage.lateness' = '1 min'; INSERT INTO o SELECT device, ts, load FROM pump");
        var flow = Pump.Start(plan, new SilentSink());
        flow.Push(0, Devices[0], Pump.StartNs, Pump.Row(1, load: 7), 1);
        var sink = new RecordingSink();
        var restored = Pump.Start(plan, sink);
        Assert.Equal(1, restored.Restore(Checkpoint(flow)).Value.TakenOver);
        restored.Advance(Pump.StartNs + Pump.HourNs);
        Assert.Equal(7, Assert.Single(sink.Rows).Values[0]);
    }

    [Fact]
    public void A_damaged_checkpoint_is_refused()
    {
        var plan = Pump.Compile(Everything);
        var good = Checkpoint(Fed(plan, 60));
        for (var i = 0; i < good.Length; i += 7)
        {
            var bad = (byte[])good.Clone();
            bad[i] ^= 0x10;
            Assert.Equal("checkpoint.damaged", Pump.Start(plan, new SilentSink()).Restore(bad).Refusal.Code);
            Assert.Equal("checkpoint.damaged", Pump.Start(plan, new SilentSink()).Restore(good.AsSpan(0, i)).Refusal.Code);
        }
    }

    [Fact]
    public void A_checkpoint_with_a_good_checksum_and_bad_content_never_throws()
    {
        var plan = Pump.Compile(Everything);
        var good = Checkpoint(Fed(plan, 60));
        var random = new Random(5);
        for (var i = 0; i < 500; i++)
        {
            var bad = good.AsSpan(0, random.Next(8, good.Length)).ToArray();
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                bad[random.Next(8, bad.Length)] = (byte)random.Next(256);
            }

            BitConverter.TryWriteBytes(bad.AsSpan(^4..), CheckpointWriter.Crc(0, bad.AsSpan(..^4)));
            var flow = Pump.Start(plan, new SilentSink());
            flow.Restore(bad);
        }
    }

    [Fact]
    public void A_checkpoint_of_another_version_is_refused()
    {
        var plan = Pump.Compile(Everything);
        var newer = Checkpoint(Fed(plan, 10));
        newer[4] = 99;
        BitConverter.TryWriteBytes(newer.AsSpan(^4..), CheckpointWriter.Crc(0, newer.AsSpan(..^4)));
        var refusal = Pump.Start(plan, new SilentSink()).Restore(newer).Refusal;
        Assert.Equal("checkpoint.version", refusal.Code);
        Assert.Contains("99", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void State_goes_only_into_a_flow_that_has_seen_nothing()
    {
        var plan = Pump.Compile(Everything);
        var flow = Fed(plan, 10);
        Assert.Equal("checkpoint.not_fresh", flow.Restore(Checkpoint(flow)).Refusal.Code);
    }

    [Fact]
    public void A_new_version_takes_over_what_it_still_computes_and_says_what_not()
    {
        var checkpoint = Checkpoint(Fed(Pump.Compile(Everything), 100));
        var other = Everything
            .Replace("rul_days < ${alarm_days}", "rul_days < 12", StringComparison.Ordinal)
            .Replace("INTERVAL '20' SECOND, INTERVAL '1' MINUTE", "INTERVAL '30' SECOND, INTERVAL '1' MINUTE", StringComparison.Ordinal);

        // Source, windows and alert stay; the HOP windows are other ones now.
        Assert.Equal(new RestoreReport(3, 1, 1), Pump.Start(Pump.Compile(other), new SilentSink()).Restore(checkpoint).Value);
    }

    [Fact]
    public void A_forgotten_device_comes_back_as_a_new_one_also_after_a_restore()
    {
        var plan = Pump.Compile(Everything, new() { DevicesMax = 3 });
        var rows = Rows(new(1), 120);
        var sink = new RecordingSink();
        var flow = Pump.Start(plan, sink);
        rows.ForEach(row => Feed(flow, row));
        var b = Devices[1];
        flow.Forget(b);
        flow.Forget(new DeviceId("never seen"));
        Assert.Equal(2, flow.Devices);
        var restored = Pump.Start(plan, sink);
        Assert.Equal(0, restored.Restore(Checkpoint(flow)).Value.StartedEmpty);

        // An hour later, so that nothing is late against the clock that was advanced meanwhile.
        var again = rows.Where(row => row.Device == b).Select(row => row with { TimeNs = row.TimeNs + Pump.HourNs }).ToList();
        string[] Lines(Dataflow run)
        {
            sink.Lines.Clear();
            again.ForEach(row => Feed(run, row));
            return [.. sink.Lines];
        }

        var expected = Lines(Pump.Start(plan, sink));
        Assert.NotEmpty(expected);
        Assert.Equal(expected, Lines(flow));
        Assert.Equal(expected, Lines(restored));
        Assert.Equal(PushResult.TooManyDevices, flow.Push(0, new DeviceId("d"), again[^1].TimeNs, Pump.Row(1), 1));
        flow.Forget(b);
        Assert.Equal(PushResult.Taken, flow.Push(0, new DeviceId("d"), again[^1].TimeNs, Pump.Row(1), 1));
    }

    private static Dataflow Fed(PipelinePlan plan, int count)
    {
        var flow = Pump.Start(plan, new SilentSink());
        foreach (var row in Rows(new(1), count))
        {
            Feed(flow, row);
        }

        return flow;
    }

    private static byte[] Checkpoint(Dataflow flow)
    {
        var writer = new ArrayBufferWriter<byte>();
        flow.Checkpoint(writer);
        return writer.WrittenSpan.ToArray();
    }

    private static void Feed(Dataflow flow, (DeviceId? Device, long TimeNs, double[] Values, int Id) row)
    {
        if (row.Device is { } device)
        {
            flow.Push(0, device, row.TimeNs, row.Values, row.Id);
        }
        else
        {
            flow.Advance(row.TimeNs);
        }
    }

    // Disorder, repeats, NULLs, silent devices and a clock that moves on now and then.
    private static List<(DeviceId? Device, long TimeNs, double[] Values, int Id)> Rows(Random random, int count)
    {
        var rows = new List<(DeviceId?, long, double[], int)>();
        var now = Pump.StartNs;
        for (var i = 0; i < count; i++)
        {
            now += random.NextInt64(0, 8_000_000_000);
            var values = Pump.Row(
                random.Next(10) == 0 ? double.NaN : random.NextDouble() * 12, bearing: 20 + (random.NextDouble() * 20), load: random.Next(100));
            values[5] = random.Next(10) == 0 ? 0 : 1;
            var row = random.Next(12) switch
            {
                0 => (null, now - 30_000_000_000, [], i),
                1 when i > 0 => rows[^1],
                _ => (Devices[random.Next(Devices.Length)], now - random.NextInt64(0, 45_000_000_000), values, i),
            };
            rows.Add(row);
        }

        return rows;
    }
}
