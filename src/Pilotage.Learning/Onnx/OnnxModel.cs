using Pilotage.Core;

namespace Pilotage.Learning.Onnx;

/// <summary>One ONNX model in memory, ready to run.</summary>
/// <remarks>
/// Calls may come from any thread and are taken one at a time; for parallel calls load the model once per thread.
/// <see cref="Stop"/> may be called at any time from any thread. <see cref="Dispose"/> waits for the call that is
/// running, then gives every native handle and buffer back at once; there is no finalizer, so a model is disposed by
/// whoever loaded it.
/// </remarks>
public sealed partial class OnnxModel : IDisposable
{
    /// <summary>Inputs or outputs of one model; their handles stand on the stack during a call.</summary>
    private const int TensorsMax = 1024;

    private readonly Lock _gate = new();
    private readonly OnnxSession _session;
    private readonly RowBinding? _row;
    private readonly int _batchRowsMax;
    private bool _disposed;

    private OnnxModel(OnnxSession session, RowBinding? row, Digest digest, OnnxOptions options)
    {
        _session = session;
        _row = row;
        _batchRowsMax = row is null ? 1 : (int)Math.Clamp(options.RowElementsMax / (long)Math.Max(1, Math.Max(row.InputWidth, row.OutputWidth)), 1, options.BatchRowsMax);
        Digest = digest;
    }

    /// <summary>The digest of the bytes the model was loaded from.</summary>
    public Digest Digest { get; }

    /// <summary>What the model takes; initializers are not inputs.</summary>
    public IReadOnlyList<TensorInfo> Inputs => _session.Inputs;

    /// <summary>What the model gives.</summary>
    public IReadOnlyList<TensorInfo> Outputs => _session.Outputs;

    /// <summary>The model's <c>metadata_props</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _session.Metadata;

    /// <summary>Who wrote the file, as it says itself.</summary>
    public string ProducerName => _session.ProducerName;

    /// <summary>The model's own version number; 0 when it has none.</summary>
    public long ModelVersion => _session.ModelVersion;

    /// <summary>
    /// Whether single rows can be run: every input and output is float32 and only the leading dimension is free.
    /// </summary>
    public bool TakesRows => _row is not null;

    /// <summary>Floats in a row over all inputs in order, the free dimension taken as 1.</summary>
    public int RowWidth => Rows.InputWidth;

    /// <summary>Floats in the answer to a row over all outputs in order.</summary>
    public int OutputWidth => Rows.OutputWidth;

    private RowBinding Rows =>
        _row ?? throw new InvalidOperationException("This model does not take single rows of float32; see TakesRows.");

    /// <summary>Loads a model; a bad one is refused with the reason, never thrown. The bytes are not needed afterwards.</summary>
    public static Outcome<OnnxModel> Load(ReadOnlyMemory<byte> bytes, OnnxOptions options)
    {
        if (bytes.Length > options.ModelBytesMax)
        {
            return new Refusal("onnx.too_large", $"The model has {bytes.Length} bytes; the limit is {options.ModelBytesMax}.");
        }

        if (ModelInspector.Refuse(bytes.Span) is { } fault)
        {
            return fault;
        }

        if (!OnnxRuntime.Get().TryGet(out var runtime, out var missing))
        {
            return missing;
        }

        OnnxSession? session = null;
        try
        {
            session = new OnnxSession(runtime, bytes.Span, options);
            if (Math.Max(session.Inputs.Count, session.Outputs.Count) > TensorsMax)
            {
                session.Dispose();
                return new Refusal("onnx.too_many_tensors", $"The model has more than {TensorsMax} inputs or outputs.");
            }

            var width = Math.Max(RowBinding.Width(session.Inputs), RowBinding.Width(session.Outputs));
            if (width > options.RowElementsMax)
            {
                session.Dispose();
                return new Refusal("onnx.row_too_large", $"One row of the model has {width} values; the limit is {options.RowElementsMax}.");
            }

            var row = session.TakesRows ? session.BindRows(1) : null;
            return new OnnxModel(session, row, Digest.Of(bytes.Span), options);
        }
        catch (OnnxException refused)
        {
            session?.Dispose();
            return ModelInspector.Explain(refused);
        }
    }

    /// <summary>Loads a model out of a file; one beyond the limit is not read, and weights in files beside it are refused.</summary>
    public static Outcome<OnnxModel> LoadFile(string path, OnnxOptions options)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length > options.ModelBytesMax
                ? new Refusal("onnx.too_large", $"The model has {length} bytes; the limit is {options.ModelBytesMax}.")
                : Load(File.ReadAllBytes(path), options);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return new Refusal("onnx.unreadable", $"The model cannot be read: {unreadable.Message}");
        }
    }

    /// <summary>Why tensors do not fit the inputs of the model, in words; null where they do.</summary>
    public Refusal? Misfit(IReadOnlyList<Tensor> tensors)
    {
        if (tensors.Count != Inputs.Count)
        {
            return new Refusal("onnx.wrong_shape", $"The model takes {Inputs.Count} tensors; {tensors.Count} are given.");
        }

        for (var i = 0; i < tensors.Count; i++)
        {
            if (Inputs[i].Type == TensorType.Other)
            {
                return new Refusal("onnx.not_a_tensor", $"The input '{Inputs[i].Name}' is not a tensor of a carried type.");
            }

            if (!Inputs[i].Takes(tensors[i]))
            {
                return new Refusal("onnx.wrong_shape", $"The input '{Inputs[i].Name}' is {Inputs[i].Described}; {tensors[i]} is given.");
            }
        }

        return null;
    }

    /// <summary>Runs one row; allocates nothing.</summary>
    /// <exception cref="OnnxException">The model failed on this row, or was stopped.</exception>
    public void Run(ReadOnlySpan<float> row, Span<float> outputs)
    {
        var binding = Rows;
        ArgumentOutOfRangeException.ThrowIfNotEqual(row.Length, binding.InputWidth, nameof(row));
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs.Length, binding.OutputWidth, nameof(outputs));
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            binding.Run(_session.RunOptions, row, outputs, count: 1);
        }
    }

    /// <summary>Runs any tensors, one per input in order; answers one per output in order.</summary>
    /// <exception cref="OnnxException">The tensors do not fit, the model failed, or it was stopped.</exception>
    public IReadOnlyList<Tensor> Run(IReadOnlyList<Tensor> inputs)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(inputs.Count, Inputs.Count, nameof(inputs));
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _session.Run(inputs);
        }
    }

    /// <summary>
    /// Ends the running call with an <see cref="OnnxException"/> at its next operator, and every later call at once.
    /// A model that was stopped stays so: load it again.
    /// </summary>
    public void Stop() => _session.Stop();

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _disposed = true;
                _row?.Dispose();
                _batch?.Dispose();
                _session.Dispose();
            }
        }
    }
}
