using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Pilotage.Learning.Onnx;

/// <summary>Buffers bound once to every input and output of a session, so that a call neither allocates nor copies names.</summary>
/// <remarks>
/// Invariant: the bound values point into <c>_inputs</c> and <c>_outputs</c>, native memory that is freed after the
/// bindings and their values are released. All inputs and outputs are float32; a row is all of them, one after the other.
/// A number of rows is bound when it is asked for the first time; all of them lie on the same memory, and one call runs at a time.
/// </remarks>
internal sealed unsafe class RowBinding : IDisposable
{
    private readonly OnnxRuntime _runtime;
    private readonly OrtApi _api;
    private readonly nint _session;
    private readonly IReadOnlyList<TensorInfo> _takes;
    private readonly IReadOnlyList<TensorInfo> _gives;
    private readonly RowBuffer _inputs;
    private readonly RowBuffer _outputs;
    private readonly List<nint> _values = [];
    private readonly nint[] _bindings;

    public RowBinding(OnnxRuntime runtime, nint session, IReadOnlyList<TensorInfo> inputs, IReadOnlyList<TensorInfo> outputs, int rowsMax)
    {
        _runtime = runtime;
        _api = runtime.Api;
        _session = session;
        (_takes, _gives) = (inputs, outputs);
        _inputs = new RowBuffer(inputs, rowsMax);
        _outputs = new RowBuffer(outputs, rowsMax);
        _bindings = new nint[rowsMax];
        try
        {
            Bind(rows: 1);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int RowsMax => _bindings.Length;

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

    /// <summary>Runs rows: two short copies and one call.</summary>
    public void Run(nint runOptions, ReadOnlySpan<float> rows, Span<float> outputs, int count)
    {
        var binding = _bindings[count - 1];
        if (binding == 0)
        {
            // Slow path: this number of rows for the first time.
            binding = Bind(count);
        }

        _inputs.Write(rows, count);
        _api.Check(_api.RunWithBinding(_session, runOptions, binding));
        _outputs.Read(outputs, count);
    }

    public void Dispose()
    {
        foreach (var binding in _bindings)
        {
            if (binding != 0)
            {
                _api.ReleaseIoBinding(binding);
            }
        }

        _bindings.AsSpan().Clear();
        foreach (var value in _values)
        {
            _api.ReleaseValue(value);
        }

        _values.Clear();
        _inputs.Dispose();
        _outputs.Dispose();
    }

    private nint Bind(int rows)
    {
        nint binding;
        _api.Check(_api.CreateIoBinding(_session, &binding));
        try
        {
            Bind(binding, rows, _takes, _inputs, _api.BindInput);
            Bind(binding, rows, _gives, _outputs, _api.BindOutput);
        }
        catch
        {
            _api.ReleaseIoBinding(binding);
            throw;
        }

        return _bindings[rows - 1] = binding;
    }

    private void Bind(nint binding, int rows, IReadOnlyList<TensorInfo> tensors, RowBuffer buffer, delegate* unmanaged<nint, byte*, nint, nint> bind)
    {
        for (var i = 0; i < tensors.Count; i++)
        {
            var shape = tensors[i].Shape.Select(dimension => dimension < 0 ? rows : dimension).ToArray();
            var segment = buffer.Segment(i, rows);
            nint value;
            fixed (long* dimensions = shape)
            {
                _api.Check(_api.CreateTensorWithDataAsOrtValue(
                    _runtime.Memory,
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
                _api.Check(bind(binding, name, value));
            }
        }
    }
}
