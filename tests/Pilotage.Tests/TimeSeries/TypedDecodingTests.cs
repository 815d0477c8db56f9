using System.Buffers.Binary;
using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Segments;
using Xunit;

namespace Pilotage.Tests.TimeSeries;

/// <summary>Records and blocks whose checksum holds and whose bytes cannot be: nothing throws, and nothing is read beyond what is there.</summary>
public sealed class TypedDecodingTests
{
    private const int Rows = 20;
    private const long Segment = 3;
    private static readonly TenantId Acme = new("acme");
    private static readonly DeviceId Pump = new("pump");
    private static readonly string[] Properties = ["n", "w", "t", "s", "j"];
    private static readonly SeriesKind[] Kinds = Enum.GetValues<SeriesKind>();

    [Fact]
    public void A_damaged_record_is_refused()
    {
        var shapes = new ShapeRegistry();
        var batch = Batch();
        var writer = new BytesWriter();
        BatchCodec.Write(writer, batch, [.. batch.Rows.Select(_ => Of(shapes, Properties, Kinds)!)], 5, null);
        var whole = BatchCodec.Read(writer.Written, new ShapeRegistry())!.Value;
        Assert.Equal(Rows, whole.Batch.RowCount);
        Assert.Equal(batch.Texts, whole.Batch.Texts);

        var refused = 0;
        for (var seed = 0; seed < 20_000; seed++)
        {
            refused += BatchCodec.Read(Damaged(writer.Written, new Random(seed)), new ShapeRegistry()) is null ? 1 : 0;
        }

        Assert.InRange(refused, 1_000, 19_999);
    }

    [Fact]
    public void A_damaged_block_is_refused()
    {
        var registry = new ShapeRegistry();
        var shape = Of(registry, Properties, Kinds)!;
        var block = Block(shape);
        Assert.Equal(Span(shape).Value(7, 3), Read(block, shape)!.Value(7, 3));

        var refused = 0;
        for (var seed = 0; seed < 20_000; seed++)
        {
            var bytes = Damaged(block, new Random(seed), RowBlock.FixedBytes);
            Seal(bytes);
            _ = RowBlock.ShapeOf(bytes, 0, Segment);
            var rows = Read(bytes, shape);
            refused += rows is null ? 1 : 0;
            for (var row = 0; row < rows?.Count; row++)
            {
                for (var column = 0; column < rows.Width; column++)
                {
                    _ = rows.Value(row, column);
                }
            }
        }

        Assert.InRange(refused, 1_000, 19_999);
    }

    [Fact]
    public void A_block_in_another_place_is_refused()
    {
        var shape = Of(new ShapeRegistry(), Properties, Kinds)!;
        Assert.Null(Read([.. new byte[8], .. Block(shape)], shape, 8));
    }

    [Fact]
    public void A_block_of_another_kind_than_its_series_is_refused()
    {
        var block = Block(Of(new ShapeRegistry(), Properties, Kinds)!);
        SeriesKind[] others = [SeriesKind.Number, SeriesKind.Number, SeriesKind.Truth, SeriesKind.Text, SeriesKind.Text];
        Assert.Null(new ShapeRegistry().Define(RowBlock.ShapeOf(block, 0, Segment)!.Value with { Id = 0, Kinds = others }) is { } other ? Read(block, other) : null);
    }

    [Fact]
    public void What_holds_doubles_alone_is_written_as_ever()
    {
        var shapes = new ShapeRegistry();
        var batch = new PointBatch();
        batch.AddRow(Acme, Pump, 1, 2, ["a", "b"], [0.5, 2], Quality.Good);
        var writer = new BytesWriter();
        BatchCodec.Write(writer, batch, [Of(shapes, ["a", "b"], [])!], 5, null);

        Assert.Equal(1, writer.Written[0]);
        Assert.Equal(10 + 1 + 16 + 1 + 1 + 8 + 8 + 1 + 16, writer.Length);
    }

    private static Shape? Of(ShapeRegistry registry, string[] properties, SeriesKind[] kinds) => registry.Of(registry.Device(Acme, Pump), properties, properties, kinds);

    private static byte[] Block(Shape shape)
    {
        var bytes = new BlockWriter().Write(new BytesWriter(), Span(shape), 0, Rows, 0, Segment);
        return bytes.ToArray();
    }

    /// <summary>Makes the checksums right again, so that what is wrong has to be found by whoever decodes it.</summary>
    private static void Seal(byte[] block)
    {
        var head = BinaryPrimitives.ReadInt32LittleEndian(block.AsSpan(28));
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(8), block.Length);
        if (head < 8 || head > block.Length)
        {
            return;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(4), Crc32C.Of(block.AsSpan(8..head)));
        if (!BlockHead.TryRead(block, 0, Segment, out var read) || read.ReadSections(block.Length) is not { } sections)
        {
            return;
        }

        Span<byte> old = stackalloc byte[4];
        foreach (var (offset, length, crc) in sections)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(old, crc);
            if (block.AsSpan(0, head).IndexOf(old) is > 0 and var at)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(at), Crc32C.Of(block.AsSpan(offset, length)));
            }
        }

        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(4), Crc32C.Of(block.AsSpan(8..head)));
    }

    private static RowSpan? Read(byte[] bytes, Shape shape, long offset = 0)
    {
        var file = new SimulatedDisk(new Random(1)).Root.Open("segment", DurableOpen.CreateNew);
        file.Write(0, bytes);
        var segment = new SegmentFile(file, Segment, new DamageTally(), new BlockCache(0));
        var length = (int)(bytes.Length - offset);
        var headBytes = Math.Clamp(BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan((int)offset + 28)), 1, length);
        return segment.Load(new BlockRef(segment, offset, length, headBytes, shape, 0, 0, 0, 0, 0), null, BlockParts.All);
    }

    private static PointBatch Batch()
    {
        var batch = new PointBatch();
        for (var i = 0; i < Rows; i++)
        {
            batch.AddRow(Acme, Pump, i, i, Properties, Values(i), Quality.Good);
        }

        return batch;
    }

    private static RowSpan Span(Shape shape)
    {
        var table = new RowTable(shape, new HeadTables());
        var batch = Batch();
        foreach (var row in batch.Rows)
        {
            table.Add(row.TimeNs, row.EdgeNs, 5, row.TimeNs, batch.ValuesOf(row), batch.QualitiesOf(row), batch.Texts);
        }

        return table.Snapshot();
    }

    private static SeriesValue[] Values(int i) =>
    [
        SeriesValue.Of(i / 3.0),
        SeriesValue.OfWhole(long.MaxValue - i),
        SeriesValue.OfTruth(i % 3 == 0),
        SeriesValue.OfText($"text {i % 7}"),
        SeriesValue.OfJson($"[{i}]"),
    ];

    private static byte[] Damaged(ReadOnlySpan<byte> good, Random random, int from = 0)
    {
        var bytes = good[..(random.Next(3) == 0 ? from + 1 + random.Next(good.Length - from) : good.Length)].ToArray();
        for (var i = random.Next(4); i > 0; i--)
        {
            bytes[random.Next(from, bytes.Length)] = (byte)random.Next(256);
        }

        return bytes;
    }
}
