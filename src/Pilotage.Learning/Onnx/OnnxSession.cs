using System.Text;

namespace Pilotage.Learning.Onnx;

/// <summary>A session of the library with what the model says about itself, and the path for any tensors.</summary>
internal sealed unsafe class OnnxSession : IDisposable
{
    private readonly OnnxRuntime _runtime;
    private readonly OrtApi _api;
    private readonly Lock _stopGate = new();
    private readonly byte[][] _inputNames;
    private readonly byte[][] _outputNames;
    private nint _session;

    public OnnxSession(OnnxRuntime runtime, ReadOnlySpan<byte> model, OnnxOptions options)
    {
        _runtime = runtime;
        _api = runtime.Api;
        try
        {
            _session = Create(model, options);
            nint runOptions;
            _api.Check(_api.CreateRunOptions(&runOptions));
            RunOptions = runOptions;
            var describe = new SessionDescription(runtime, _session);
            Inputs = describe.Inputs();
            Outputs = describe.Outputs();
            (ProducerName, ModelVersion, Metadata) = describe.Metadata();
            _inputNames = Utf8(Inputs);
            _outputNames = Utf8(Outputs);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<TensorInfo> Inputs { get; }

    public IReadOnlyList<TensorInfo> Outputs { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    public string ProducerName { get; }

    public long ModelVersion { get; }

    public bool TakesRows => Inputs.Count > 0 && RowBinding.Width(Inputs) >= 0 && RowBinding.Width(Outputs) >= 0;

    public nint RunOptions { get; private set; }

    /// <summary>Buffers for up to so many rows in one call.</summary>
    public RowBinding BindRows(int rowsMax) => new(_runtime, _session, Inputs, Outputs, rowsMax);

    public IReadOnlyList<Tensor> Run(IReadOnlyList<Tensor> inputs)
    {
        var given = stackalloc nint[inputs.Count];
        var answered = stackalloc nint[Outputs.Count];
        new Span<nint>(given, inputs.Count).Clear();
        new Span<nint>(answered, Outputs.Count).Clear();
        try
        {
            for (var i = 0; i < inputs.Count; i++)
            {
                given[i] = Wrap(inputs[i]);
            }

            Call(given, answered);
            var outputs = new Tensor[Outputs.Count];
            for (var i = 0; i < outputs.Length; i++)
            {
                outputs[i] = Copy(answered[i], Outputs[i]);
            }

            GC.KeepAlive(inputs);
            return outputs;
        }
        finally
        {
            Release(given, inputs.Count);
            Release(answered, Outputs.Count);
        }
    }

    public void Stop()
    {
        lock (_stopGate)
        {
            if (RunOptions != 0)
            {
                _api.Check(_api.RunOptionsSetTerminate(RunOptions));
            }
        }
    }

    public void Dispose()
    {
        lock (_stopGate)
        {
            if (RunOptions != 0)
            {
                _api.ReleaseRunOptions(RunOptions);
                RunOptions = 0;
            }
        }

        if (_session != 0)
        {
            _api.ReleaseSession(_session);
            _session = 0;
        }
    }

    private static byte[][] Utf8(IReadOnlyList<TensorInfo> tensors)
    {
        var names = new byte[tensors.Count][];
        for (var i = 0; i < names.Length; i++)
        {
            var text = Encoding.UTF8.GetBytes(tensors[i].Name);
            names[i] = GC.AllocateArray<byte>(text.Length + 1, pinned: true);
            text.CopyTo(names[i], 0);
        }

        return names;
    }

    private nint Create(ReadOnlySpan<byte> model, OnnxOptions options)
    {
        nint settings, session;
        _api.Check(_api.CreateSessionOptions(&settings));
        try
        {
            // The arena keeps the largest block it ever took, for each model; a small tensor costs one malloc instead.
            _api.Check(_api.DisableCpuMemArena(settings));
            _api.Check(_api.SetIntraOpNumThreads(settings, options.Threads));
            _api.Check(_api.SetInterOpNumThreads(settings, 1));
            fixed (byte* bytes = model)
            {
                _api.Check(_api.CreateSessionFromArray(_runtime.Environment, bytes, (nuint)model.Length, settings, &session));
            }

            return session;
        }
        finally
        {
            _api.ReleaseSessionOptions(settings);
        }
    }

    private nint Wrap(Tensor tensor)
    {
        var shape = tensor.Shape.ToArray();
        if (tensor.Type == TensorType.Text)
        {
            return TextTensor.Wrap(_runtime, tensor, shape);
        }

        nint value;
        fixed (long* dimensions = shape)
        fixed (byte* data = tensor.Bytes)
        {
            // The tensor's memory is pinned for good, so the address stays valid after this block.
            byte nothing;
            _api.Check(_api.CreateTensorWithDataAsOrtValue(
                _runtime.Memory,
                data is null ? &nothing : data,
                (nuint)tensor.Bytes.Length,
                dimensions,
                (nuint)shape.Length,
                (int)tensor.Type,
                &value));
        }

        return value;
    }

    private void Call(nint* given, nint* answered)
    {
        var inputNames = stackalloc byte*[_inputNames.Length];
        var outputNames = stackalloc byte*[_outputNames.Length];
        Point(_inputNames, inputNames);
        Point(_outputNames, outputNames);
        _api.Check(_api.Run(
            _session,
            RunOptions,
            inputNames,
            given,
            (nuint)_inputNames.Length,
            outputNames,
            (nuint)_outputNames.Length,
            answered));
    }

    private static void Point(byte[][] names, byte** into)
    {
        for (var i = 0; i < names.Length; i++)
        {
            fixed (byte* name = names[i])
            {
                // Names are on the pinned heap: the address outlives this block.
                into[i] = name;
            }
        }
    }

    private Tensor Copy(nint value, TensorInfo info)
    {
        int isTensor;
        _api.Check(_api.IsTensor(value, &isTensor));
        if (isTensor == 0 || info.Type == TensorType.Other)
        {
            throw new OnnxException(OrtErrorCode.NotImplemented, $"Output '{info.Name}' is not a tensor of a carried type.");
        }

        nint shape;
        void* data;
        _api.Check(_api.GetTensorTypeAndShape(value, &shape));
        try
        {
            var (type, dimensions) = SessionDescription.Shape(_api, shape);
            var tensor = new Tensor(type, dimensions);
            if (type == TensorType.Text)
            {
                TextTensor.Copy(_api, value, tensor);
                return tensor;
            }

            _api.Check(_api.GetTensorMutableData(value, &data));
            new ReadOnlySpan<byte>(data, tensor.Bytes.Length).CopyTo(tensor.Bytes);
            return tensor;
        }
        finally
        {
            _api.ReleaseTensorTypeAndShapeInfo(shape);
        }
    }

    private void Release(nint* values, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (values[i] != 0)
            {
                _api.ReleaseValue(values[i]);
            }
        }
    }
}
