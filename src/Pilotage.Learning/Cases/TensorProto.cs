using System.Buffers.Binary;
using System.Text;
using Pilotage.Core;
using Pilotage.Learning.Onnx;

namespace Pilotage.Learning.Cases;

/// <summary>Reads a tensor as the ONNX backend tests keep it: one TensorProto a file.</summary>
/// <remarks>Field numbers are those of onnx.proto. Values stand in <c>raw_data</c>, or in the field of their type, packed or one by one.</remarks>
internal static class TensorProto
{
    private const int Dimensions = 1, DataType = 2, FloatData = 4, Int32Data = 5, StringData = 6, Int64Data = 7, Name = 8, RawData = 9;
    private const int DoubleData = 10, UInt64Data = 11, ExternalData = 13, DataLocation = 14;
    private const int ShapeMax = 64;

    public static Outcome<NamedTensor> Read(ReadOnlySpan<byte> message)
    {
        var shape = new List<long>();
        var (number, name, outside) = (0, "", false);
        ReadOnlySpan<byte> raw = default;
        var reader = new ProtoReader(message);
        while (reader.Next() && shape.Count <= ShapeMax)
        {
            switch (reader.Field)
            {
                case Dimensions:
                    Numbers(ref reader, shape);
                    break;
                case DataType:
                    number = (int)reader.Number;
                    break;
                case Name:
                    name = Encoding.UTF8.GetString(reader.Content);
                    break;
                case RawData:
                    raw = reader.Content;
                    break;
                default:
                    outside |= reader.Field == ExternalData || (reader.Field == DataLocation && reader.Number != 0);
                    break;
            }
        }

        var type = TensorTypes.Of(number);
        if (reader.Failed || shape.Count > ShapeMax)
        {
            return Refuse("It is not a protobuf message.");
        }

        if (type == TensorType.Other || outside)
        {
            return Refuse(outside ? "Its values lie in another file." : $"It is no tensor of a carried type (type {number}).");
        }

        var elements = NamedTensor.ElementsOf(shape, TensorTypes.SizeOf(type));
        if (elements < 0)
        {
            return Refuse($"Its dimensions are no shape, or more than {NamedTensor.BytesMax} bytes.");
        }

        // Each text takes two bytes at least; without this a few bytes could ask for any number of them.
        if (type == TensorType.Text && elements > message.Length)
        {
            return Refuse("It has fewer texts than its shape.");
        }

        return Fill(message, raw, name, type, [.. shape]);
    }

    private static Outcome<NamedTensor> Fill(ReadOnlySpan<byte> message, ReadOnlySpan<byte> raw, string name, TensorType type, long[] shape)
    {
        var tensor = new Tensor(type, shape);
        if (!raw.IsEmpty)
        {
            if (raw.Length != tensor.Bytes.Length || type == TensorType.Text)
            {
                return Refuse($"It has {raw.Length} bytes; {tensor} takes {tensor.Bytes.Length}.");
            }

            raw.CopyTo(tensor.Bytes);
            return new NamedTensor(name, tensor);
        }

        var filled = type == TensorType.Text ? Texts(message, tensor) : Values(message, FieldOf(type), tensor);
        return filled == tensor.Elements ? new NamedTensor(name, tensor) : Refuse($"It holds {filled} values; {tensor} takes {tensor.Elements}.");
    }

    private static int FieldOf(TensorType type) => type switch
    {
        TensorType.Float32 => FloatData,
        TensorType.Float64 => DoubleData,
        TensorType.Int64 => Int64Data,
        TensorType.UInt32 or TensorType.UInt64 => UInt64Data,
        _ => Int32Data,
    };

    // How many values there are; those beyond the shape are counted and go nowhere.
    private static int Values(ReadOnlySpan<byte> message, int field, Tensor into)
    {
        var size = TensorTypes.SizeOf(into.Type);
        var isFixed = field is FloatData or DoubleData;
        var count = 0;
        var reader = new ProtoReader(message);
        while (reader.Next())
        {
            if (reader.Field != field)
            {
                continue;
            }

            if (!reader.IsDelimited)
            {
                Put(into, count++, size, reader.Number);
                continue;
            }

            var packed = reader.Content;
            while (!packed.IsEmpty)
            {
                ulong value;
                if (isFixed && packed.Length >= size)
                {
                    value = size == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(packed) : BinaryPrimitives.ReadUInt64LittleEndian(packed);
                    packed = packed[size..];
                }
                else if (isFixed || !ProtoReader.TryVarint(ref packed, out value))
                {
                    return -1;
                }

                Put(into, count++, size, value);
            }
        }

        return count;
    }

    private static void Put(Tensor into, int at, int size, ulong value)
    {
        if (at < into.Elements)
        {
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
            bytes[..size].CopyTo(into.Bytes[(at * size)..]);
        }
    }

    private static int Texts(ReadOnlySpan<byte> message, Tensor into)
    {
        var count = 0;
        var reader = new ProtoReader(message);
        while (reader.Next())
        {
            if (reader.Field == StringData && count++ < into.Elements)
            {
                into.Texts[count - 1] = Encoding.UTF8.GetString(reader.Content);
            }
        }

        return count;
    }

    private static void Numbers(ref ProtoReader reader, List<long> into)
    {
        if (!reader.IsDelimited)
        {
            into.Add((long)reader.Number);
            return;
        }

        var packed = reader.Content;
        while (into.Count <= ShapeMax && !packed.IsEmpty)
        {
            into.Add(ProtoReader.TryVarint(ref packed, out var number) ? (long)number : -1);
            packed = into[^1] < 0 ? default : packed;
        }
    }

    private static Refusal Refuse(string why) => new("case.tensor_malformed", $"This is no tensor. {why}");
}
