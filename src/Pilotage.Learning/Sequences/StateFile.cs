using System.Security.Cryptography;
using System.Text;
using Pilotage.Core;
using Pilotage.Learning.Onnx;

namespace Pilotage.Learning.Sequences;

/// <summary>State of sequence models as bytes: the model's digest, each device in order of its name, SHA-256 of it all at the end.</summary>
internal static class StateFile
{
    private const int RankMax = 64;
    private static readonly byte[] Magic = "pilotage.state/1\n"u8.ToArray();

    public static byte[] Write(Digest model, Dictionary<DeviceId, Tensor[]> states)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Magic);
        writer.Write(model.ToString());
        writer.Write(states.Count);
        foreach (var (device, tensors) in states.OrderBy(state => state.Key.Value, StringComparer.Ordinal))
        {
            writer.Write(device.Value);
            writer.Write(tensors.Length);
            Array.ForEach(tensors, tensor => Write(writer, tensor));
        }

        writer.Flush();
        writer.Write(SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        return stream.ToArray();
    }

    public static Outcome<Dictionary<DeviceId, Tensor[]>> Read(Digest model, ReadOnlySpan<byte> bytes)
    {
        var body = bytes.Length - SHA256.HashSizeInBytes;
        if (body < Magic.Length || !bytes.StartsWith(Magic) || !SHA256.HashData(bytes[..body]).AsSpan().SequenceEqual(bytes[body..]))
        {
            return Damaged();
        }

        using var stream = new MemoryStream(bytes[Magic.Length..body].ToArray());
        using var reader = new BinaryReader(stream, Encoding.UTF8);
        try
        {
            if (reader.ReadString() != model.ToString())
            {
                return new Refusal("sequence.other_model", "The saved state is another model's.");
            }

            var states = new Dictionary<DeviceId, Tensor[]>();
            for (var left = reader.ReadInt32(); left > 0; left--)
            {
                var device = new DeviceId(reader.ReadString());
                var tensors = new List<Tensor>();
                for (var more = reader.ReadInt32(); more > 0; more--)
                {
                    if (Read(reader, stream.Length - stream.Position) is not { } tensor)
                    {
                        return Damaged();
                    }

                    tensors.Add(tensor);
                }

                states[device] = [.. tensors];
            }

            return states;
        }
        catch (Exception malformed) when (malformed is IOException or FormatException or ArgumentException)
        {
            return Damaged();
        }
    }

    private static void Write(BinaryWriter writer, Tensor tensor)
    {
        writer.Write((int)tensor.Type);
        writer.Write(tensor.Shape.Count);
        foreach (var dimension in tensor.Shape)
        {
            writer.Write(dimension);
        }

        writer.Write(tensor.Bytes);
    }

    private static Tensor? Read(BinaryReader reader, long left)
    {
        var type = TensorTypes.Of(reader.ReadInt32());
        var rank = reader.ReadInt32();
        if (TensorTypes.SizeOf(type) == 0 || rank is < 0 or > RankMax)
        {
            return null;
        }

        var shape = new long[rank];
        Int128 bytes = TensorTypes.SizeOf(type);
        for (var i = 0; i < rank; i++)
        {
            shape[i] = reader.ReadInt64();
            bytes *= shape[i];
            if (shape[i] < 0 || bytes > left)
            {
                return null;
            }
        }

        var tensor = new Tensor(type, shape);
        reader.BaseStream.ReadExactly(tensor.Bytes);
        return tensor;
    }

    private static Refusal Damaged() => new("sequence.state_damaged", "The saved state is damaged, or none of this format.");
}
