using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Pilotage.Core;
using Pilotage.Learning.Onnx;

namespace Pilotage.Learning.Cases;

/// <summary>Reads arrays as NumPy saves them: <c>.npy</c>, and <c>.npz</c>, which is a zip of them.</summary>
/// <remarks>Format versions 1 to 3, little-endian, in C order; arrays of objects are programs, and never read.</remarks>
internal static class NumpyFile
{
    private const int EntriesMax = 1024;

    public static Outcome<NamedTensor[]> ReadArchive(string path)
    {
        try
        {
            using var zip = ZipFile.OpenRead(path);
            if (zip.Entries.Count > EntriesMax)
            {
                return Refuse($"It has more than {EntriesMax} arrays.");
            }

            var arrays = new List<NamedTensor>();
            foreach (var entry in zip.Entries.Where(entry => entry.Name.EndsWith(".npy", StringComparison.Ordinal)))
            {
                if (!Content(entry).TryGet(out var bytes, out var refusal) || !Read(bytes).TryGet(out var tensor, out refusal))
                {
                    return new Refusal(refusal.Code, $"{entry.FullName}: {refusal.Message}");
                }

                arrays.Add(new NamedTensor(entry.FullName[..^4], tensor));
            }

            return arrays.ToArray();
        }
        catch (InvalidDataException damaged)
        {
            return Refuse(damaged.Message);
        }
    }

    public static Outcome<Tensor> Read(ReadOnlySpan<byte> file)
    {
        if (file.Length <= 10 || file[0] != 0x93 || !file[1..].StartsWith("NUMPY"u8))
        {
            return Refuse("It does not begin as one.");
        }

        var wide = file[6] > 1;
        var (at, length) = wide && file.Length >= 12 ? (12, (long)BinaryPrimitives.ReadUInt32LittleEndian(file[8..])) : (10, BinaryPrimitives.ReadUInt16LittleEndian(file[8..]));
        if (at + length > file.Length)
        {
            return Refuse("It ends within its header.");
        }

        return Read(Encoding.UTF8.GetString(file.Slice(at, (int)length)), file[(at + (int)length)..]);
    }

    private static Outcome<Tensor> Read(string header, ReadOnlySpan<byte> data)
    {
        var described = Between(header, "'descr':", '\'', '\'');
        var shape = Between(header, "'shape':", '(', ')')?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : -1).ToArray();
        if (described is null or { Length: < 3 } || shape is null || described[0] == '>')
        {
            return Refuse($"Its header says nothing that is read here: {header.Trim()}");
        }

        if (header.Contains("'fortran_order': True", StringComparison.Ordinal) && shape.Count(size => size > 1) > 1)
        {
            return Refuse("It is in Fortran order; save it with numpy.ascontiguousarray.");
        }

        var type = TypeOf(described[1..]);
        if (type == TensorType.Other || !int.TryParse(described.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out var width))
        {
            return Refuse($"Arrays of '{described}' are not read.");
        }

        var bytes = described[1] == 'U' ? width * 4L : width;
        var elements = NamedTensor.ElementsOf(shape, (int)Math.Min(bytes, int.MaxValue));
        if (elements < 0 || elements * bytes != data.Length || (bytes == 0 && elements > 0))
        {
            return Refuse($"It holds {data.Length} bytes; its header asks for {TensorInfo.Written(type, shape)}.");
        }

        var tensor = new Tensor(type, shape);
        if (type != TensorType.Text)
        {
            data.CopyTo(tensor.Bytes);
            return tensor;
        }

        var encoding = described[1] == 'U' ? Encoding.UTF32 : Encoding.UTF8;
        for (var i = 0; i < tensor.Elements; i++)
        {
            tensor.Texts[i] = encoding.GetString(data.Slice(i * (int)bytes, (int)bytes)).TrimEnd('\0');
        }

        return tensor;
    }

    private static TensorType TypeOf(string described) => described switch
    {
        "f2" => TensorType.Float16,
        "f4" => TensorType.Float32,
        "f8" => TensorType.Float64,
        "i1" => TensorType.Int8,
        "i2" => TensorType.Int16,
        "i4" => TensorType.Int32,
        "i8" => TensorType.Int64,
        "u1" => TensorType.UInt8,
        "u2" => TensorType.UInt16,
        "u4" => TensorType.UInt32,
        "u8" => TensorType.UInt64,
        "b1" => TensorType.Boolean,
        _ when described[0] is 'U' or 'S' => TensorType.Text,
        _ => TensorType.Other,
    };

    private static string? Between(string header, string key, char open, char close)
    {
        var from = header.IndexOf(key, StringComparison.Ordinal);
        from = from < 0 ? -1 : header.IndexOf(open, from + key.Length);
        var to = from < 0 ? -1 : header.IndexOf(close, from + 1);
        return to < 0 ? null : header[(from + 1)..to];
    }

    // The length a zip states is not to be trusted: no more is read than the bound.
    private static Outcome<byte[]> Content(ZipArchiveEntry entry)
    {
        if (entry.Length > NamedTensor.BytesMax)
        {
            return Refuse($"It has {entry.Length} bytes; the limit is {NamedTensor.BytesMax}.");
        }

        var bytes = new byte[entry.Length];
        using var content = entry.Open();
        return content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) == bytes.Length ? bytes : Refuse("It is shorter than it says.");
    }

    private static Refusal Refuse(string why) => new("case.array_malformed", $"This is no NumPy array. {why}");
}
