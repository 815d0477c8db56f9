using System.Buffers.Binary;
using Pilotage.Core;
using Pilotage.Core.Durability;
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
        BatchCodec.Write(writer, batch, [.. batch.Rows.Select(_ => shapes.Of(Acme, Pump, Properties, Kinds)!)], 5, null);
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
        var shape = new ShapeRegistry().Of(Acme, Pump, Properties, Kinds)!;
        var block = RowBlock.Write(Span(shape), 0, Rows, 64, 3);
        Assert.Equal(Span(shape).Value(7, 3), RowBlock.Read(block, 64, 3, shape, null)!.Value(7, 3));
        Assert.Null(RowBlock.Read(block, 65, 3, shape, null));

        var refused = 0;
        for (var seed = 0; seed < 20_000; seed++)
        {
            var bytes = Damaged(block, new Random(seed), RowBlock.HeaderBytes);
            if (bytes.Length <= RowBlock.HeaderBytes)
            {
                continue;
            }

            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), bytes.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Crc32C.Of(bytes.AsSpan(8)));
            _ = RowBlock.ShapeOf(bytes, 64, 3);
            var rows = RowBlock.Read(bytes, 64, 3, shape, null);
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
    public void A_block_of_another_kind_than_its_series_is_refused()
    {
        var block = RowBlock.Write(Span(new ShapeRegistry().Of(Acme, Pump, Properties, Kinds)!), 0, Rows, 64, 3);
        SeriesKind[] others = [SeriesKind.Number, SeriesKind.Number, SeriesKind.Truth, SeriesKind.Text, SeriesKind.Json];
        Assert.Null(RowBlock.Read(block, 64, 3, new ShapeRegistry().Of(Acme, Pump, Properties, others)!, null));
    }

    [Fact]
    public void What_holds_doubles_alone_is_written_as_ever()
    {
        var shapes = new ShapeRegistry();
        var batch = new PointBatch();
        batch.AddRow(Acme, Pump, 1, 2, ["a", "b"], [0.5, 2], Quality.Good);
        var writer = new BytesWriter();
        BatchCodec.Write(writer, batch, [shapes.Of(Acme, Pump, ["a", "b"], [])!], 5, null);

        Assert.Equal(1, writer.Written[0]);
        Assert.Equal(10 + 1 + 16 + 1 + 1 + 8 + 8 + 1 + 16, writer.Length);
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
        var table = new RowTable(shape);
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
