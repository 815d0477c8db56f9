using System.Buffers;
using ZstdSharp;

namespace Pilotage.Server.Fabric.Export.Parquet;

/// <summary>A file in Apache Parquet: row groups of a page for each column, compressed by zstd, and behind them where everything stands.</summary>
/// <remarks>parquet-format 2.10. Only what its exports need: flat columns, data pages of version 1, statistics in column chunks.</remarks>
internal sealed class ParquetWriter(IReadOnlyList<ParquetColumn> columns, IReadOnlyList<int> sortedBy) : IDisposable
{
    private const int FormatVersion = 2;
    private const int DataPage = 0;
    private const int DictionaryPage = 2;
    private const int Zstd = 6;
    private const int ZstdLevel = 3;
    private const int Required = 0;
    private const int Optional = 1;
    private const int Plain = 0;
    private const int Rle = 3;
    private static readonly byte[] Magic = "PAR1"u8.ToArray();
    private readonly Compressor _zstd = new(ZstdLevel);
    private readonly List<Group> _groups = [];
    private long _at;
    private long _rows;

    /// <summary>Bytes written so far.</summary>
    public long Bytes => _at;

    public void Begin(IBufferWriter<byte> output) => Put(output, Magic);

    /// <summary>Writes the rows that the columns hold as a row group, and empties them.</summary>
    public void WriteGroup(IBufferWriter<byte> output)
    {
        var rows = columns[0].Rows;
        if (rows == 0)
        {
            return;
        }

        var start = _at;
        var chunks = columns.Select(column => WriteChunk(output, column)).ToList();
        _groups.Add(new(chunks, start, rows, chunks.Sum(chunk => chunk.PlainBytes), _at - start));
        _rows += rows;
        foreach (var column in columns)
        {
            column.Clear();
        }
    }

    public void End(IBufferWriter<byte> output)
    {
        var footer = new ArrayBufferWriter<byte>();
        new ThriftWriter(footer).Item(WriteFile);
        Put(output, footer.WrittenSpan);
        Put(output, BitConverter.GetBytes(footer.WrittenCount));
        Put(output, Magic);
    }

    public void Dispose() => _zstd.Dispose();

    private Chunk WriteChunk(IBufferWriter<byte> output, ParquetColumn column)
    {
        var start = _at;
        var plainBytes = 0L;
        long? dictionary = null;
        if (column.Dictionary is { } words)
        {
            dictionary = _at;
            plainBytes += WritePage(output, words.Bytes.Span, (header, plain, packed) =>
            {
                PageSizes(header, DictionaryPage, plain, packed);
                header.Structure(7, page =>
                {
                    page.Int(1, words.Values);
                    page.Int(2, Plain);
                });
            });
        }

        var data = _at;
        var values = new ArrayBufferWriter<byte>();
        column.WritePage(values);
        plainBytes += WritePage(output, values.WrittenSpan, (header, plain, packed) =>
        {
            PageSizes(header, DataPage, plain, packed);
            header.Structure(5, page =>
            {
                page.Int(1, column.Rows);
                page.Int(2, column.Encoding);
                page.Int(3, Rle);
                page.Int(4, Rle);
            });
        });
        return new(column, start, dictionary, data, column.Rows, plainBytes, _at - start, column.Nulls, column.Bounds);
    }

    private static void PageSizes(ThriftWriter header, int kind, int plain, int packed)
    {
        header.Int(1, kind);
        header.Int(2, plain);
        header.Int(3, packed);
    }

    /// <summary>Writes a page with its head; gives how many bytes it is when it is unpacked, its head included.</summary>
    private int WritePage(IBufferWriter<byte> output, ReadOnlySpan<byte> plain, Action<ThriftWriter, int, int> head)
    {
        var packed = _zstd.Wrap(plain);
        var (plainBytes, packedBytes) = (plain.Length, packed.Length);
        var header = new ArrayBufferWriter<byte>();
        new ThriftWriter(header).Item(thrift => head(thrift, plainBytes, packedBytes));
        Put(output, header.WrittenSpan);
        Put(output, packed);
        return header.WrittenCount + plainBytes;
    }

    private void Put(IBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        _at += bytes.Length;
    }

    private void WriteFile(ThriftWriter file)
    {
        file.Int(1, FormatVersion);
        file.Structures(2, [null, .. columns], WriteSchema);
        file.Long(3, _rows);
        file.Structures(4, _groups, WriteGroup);
        file.Text(6, "pilotage");

        // Least and greatest are in the order of the types: of texts that of their bytes.
        file.Structures(7, columns, static (order, _) => order.Structure(1, static _ => { }));
    }

    private void WriteSchema(ThriftWriter schema, ParquetColumn? column)
    {
        if (column is null)
        {
            schema.Text(4, "series");
            schema.Int(5, columns.Count);
            return;
        }

        schema.Int(1, column.Type);
        schema.Int(3, column.IsOptional ? Optional : Required);
        schema.Text(4, column.Name);
        column.WriteLogicalType(schema);
    }

    private void WriteGroup(ThriftWriter group, Group written)
    {
        group.Structures(1, written.Chunks, WriteChunk);
        group.Long(2, written.PlainBytes);
        group.Long(3, written.Rows);
        group.Structures(4, sortedBy, static (sorting, column) =>
        {
            sorting.Int(1, column);
            sorting.Bool(2, false);
            sorting.Bool(3, false);
        });
        group.Long(5, written.Start);
        group.Long(6, written.PackedBytes);
    }

    private static void WriteChunk(ThriftWriter chunk, Chunk written)
    {
        chunk.Long(2, written.Start);
        chunk.Structure(3, meta =>
        {
            meta.Int(1, written.Column.Type);
            meta.Ints(2, written.Dictionary is null ? [Rle, written.Column.Encoding] : [Plain, Rle, written.Column.Encoding]);
            meta.Texts(3, written.Column.Name);
            meta.Int(4, Zstd);
            meta.Long(5, written.Rows);
            meta.Long(6, written.PlainBytes);
            meta.Long(7, written.PackedBytes);
            meta.Long(9, written.Data);
            if (written.Dictionary is { } dictionary)
            {
                meta.Long(11, dictionary);
            }

            meta.Structure(12, statistics =>
            {
                statistics.Long(3, written.Nulls);
                if (written.Bounds is var (least, greatest))
                {
                    statistics.Bytes(5, greatest);
                    statistics.Bytes(6, least);
                }
            });
        });
    }

    private sealed record Group(IReadOnlyList<Chunk> Chunks, long Start, int Rows, long PlainBytes, long PackedBytes);

    private sealed record Chunk(
        ParquetColumn Column, long Start, long? Dictionary, long Data, int Rows, long PlainBytes, long PackedBytes, long Nulls, (byte[] Least, byte[] Greatest)? Bounds);
}
