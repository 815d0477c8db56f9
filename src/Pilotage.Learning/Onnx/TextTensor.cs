using System.Text;

namespace Pilotage.Learning.Onnx;

/// <summary>Strings into the library and out of it; it keeps its own copy of each.</summary>
internal static unsafe class TextTensor
{
    /// <summary>A value of the library that holds the texts; the caller releases it.</summary>
    public static nint Wrap(OnnxRuntime runtime, Tensor tensor, long[] shape)
    {
        var api = runtime.Api;
        nint value;
        fixed (long* dimensions = shape)
        {
            api.Check(api.CreateTensorAsOrtValue(runtime.Allocator, dimensions, (nuint)shape.Length, (int)TensorType.Text, &value));
        }

        try
        {
            Fill(api, value, tensor.Texts);
            return value;
        }
        catch
        {
            api.ReleaseValue(value);
            throw;
        }
    }

    /// <summary>Copies the texts of a value into a tensor of as many.</summary>
    public static void Copy(OrtApi api, nint value, Tensor into)
    {
        nuint length;
        api.Check(api.GetStringTensorDataLength(value, &length));
        // One more of each, so that the pointers are never null.
        var bytes = new byte[checked((int)length + 1)];
        var starts = new nuint[into.Elements + 1];
        fixed (byte* content = bytes)
        fixed (nuint* offsets = starts)
        {
            api.Check(api.GetStringTensorContent(value, content, length, offsets, (nuint)into.Elements));
        }

        starts[^1] = length;
        for (var i = 0; i < into.Elements; i++)
        {
            into.Texts[i] = Encoding.UTF8.GetString(bytes.AsSpan((int)starts[i]..(int)starts[i + 1]));
        }
    }

    private static void Fill(OrtApi api, nint value, ReadOnlySpan<string> texts)
    {
        var pointers = new nint[texts.Length + 1];
        var bytes = Encoding.UTF8.GetBytes(string.Join('\0', texts.ToArray()) + '\0');
        fixed (byte* content = bytes)
        fixed (nint* places = pointers)
        {
            // The arrays are pinned for this block, and the library copies before it returns.
            var at = content;
            foreach (var (i, text) in texts.ToArray().Index())
            {
                places[i] = (nint)at;
                at += Encoding.UTF8.GetByteCount(text) + 1;
            }

            api.Check(api.FillStringTensor(value, (byte**)places, (nuint)texts.Length));
        }
    }
}
