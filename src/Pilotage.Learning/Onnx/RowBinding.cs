using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Pilotage.Learning.Onnx;

/// <summary>Buffers bound once to every input and output of a session, so that a call neither allocates nor copies names.</summary>
/// <remarks>
/// Invariant: the bound values point into <c>_inputs</c> and <c>_outputs</c>, native memory that is freed after the
/// binding and its values are released. All inputs and outputs are float32; a row is all of them, one after the other.
/// </remarks>
internal sealed unsafe class RowBinding : IDisposable
{
    private readonly OrtApi _api;
    private readonly nint _session;
    private readonly RowBuffer _inputs;
    private readonly RowBuffer _outputs;
    private readonly List<nint> _values = [];
    private nint _binding;

    public RowBinding(OnnxRuntime runtime, nint session, IReadOnlyList<TensorInfo> inputs, IReadOnlyList<TensorInfo> outputs)
    {
        _api = runtime.Api;
        _session = session;
        _inputs = new RowBuffer(inputs);
        _outputs = new RowBuffer(outputs);
        try
        {
            nint binding;
            _api.Check(_api.CreateIoBinding(session, &binding));
            _binding = binding;
            Bind(runtime.Memory, inputs, _inputs, _api.BindInput);
            Bind(runtime.Memory, outputs, _outputs, _api.BindOutput);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int InputWidth => _inputs.Width;

    public int OutputWidth => _outputs.Width;

    /// <summary>Floats of one row over all tensors; −1 when one is not float32 or has a free dimension besides the first.</summary>
    public static int Width(IReadOnlyList<TensorInfo> tensors)
    {
        long width = 0;
        foreach (var tensor in tensors)
        {
            var elements = tensor.Type == TensorType.Float32 ? tensor.Elements(rows: 1) : -1;
            if (elements < 0 || elements > int.MaxValue - width)
            {
                return -1;
            }

            width += elements;
        }

        return (int)width;
    }

    /// <summary>Runs one row: two short copies and one call.</summary>
    public void Run(nint runOptions, ReadOnlySpan<float> row, Span<float> outputs)
    {
        _inputs.Write(row);
        _api.Check(_api.RunWithBinding(_session, runOptions, _binding));
        _outputs.Read(outputs);
    }

    public void Dispose()
    {
        if (_binding != 0)
        {
            _api.ReleaseIoBinding(_binding);
            _binding = 0;
        }

        foreach (var value in _values)
        {
            _api.ReleaseValue(value);
        }

        _values.Clear();
        _inputs.Dispose();
        _outputs.Dispose();
    }

    private void Bind(nint memory, IReadOnlyList<TensorInfo> tensors, RowBuffer buffer, delegate* unmanaged<nint, byte*, nint, nint> bind)
    {
        for (var i = 0; i < tensors.Count; i++)
        {
            var shape = tensors[i].Shape.Select(dimension => dimension < 0 ? 1 : dimension).ToArray();
            var segment = buffer.Segment(i);
            nint value;
            fixed (long* dimensions = shape)
            {
                _api.Check(_api.CreateTensorWithDataAsOrtValue(
                    memory,
                    Unsafe.AsPointer(ref MemoryMarshal.GetReference(segment)),
                    (nuint)segment.Length * sizeof(float),
                    dimensions,
                    (nuint)shape.Length,
                    (int)TensorType.Float32,
                    &value));
            }

            _values.Add(value);
            fixed (byte* name = Encoding.UTF8.GetBytes(tensors[i].Name + '\0'))
            {
                _api.Check(bind(_binding, name, value));
            }
        }
    }
}
