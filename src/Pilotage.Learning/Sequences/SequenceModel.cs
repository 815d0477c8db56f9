using Pilotage.Core;
using Pilotage.Learning.Onnx;

namespace Pilotage.Learning.Sequences;

/// <summary>A model that carries state from call to call, of each device its own.</summary>
/// <remarks>
/// A call that is refused or fails leaves the state of its device as it was. Calls may come from any thread and are taken one at a time.
/// The model stays the caller's. State begins with zeros.
/// </remarks>
public sealed class SequenceModel
{
    private readonly Lock _gate = new();
    private readonly OnnxModel _model;
    private readonly SequenceOptions _options;
    private readonly (int Input, int Output)[] _pairs;
    private readonly int[] _given;
    private readonly int[] _answered;
    private Dictionary<DeviceId, Tensor[]> _states = [];
    private long _devicesRefused;

    private SequenceModel(OnnxModel model, (int Input, int Output)[] pairs, SequenceOptions options)
    {
        (_model, _pairs, _options) = (model, pairs, options);
        _given = [.. Enumerable.Range(0, model.Inputs.Count).Where(input => !Array.Exists(pairs, pair => pair.Input == input))];
        _answered = [.. Enumerable.Range(0, model.Outputs.Count).Where(output => !Array.Exists(pairs, pair => pair.Output == output))];
    }

    /// <summary>What each call is given: the model's inputs without its state.</summary>
    public IReadOnlyList<TensorInfo> Inputs => [.. _given.Select(input => _model.Inputs[input])];

    /// <summary>What each call answers.</summary>
    public IReadOnlyList<TensorInfo> Outputs => [.. _answered.Select(output => _model.Outputs[output])];

    /// <summary>What is carried: an output, and the input it is of the next call.</summary>
    public IReadOnlyList<(string Input, string Output)> States => [.. _pairs.Select(pair => (_model.Inputs[pair.Input].Name, _model.Outputs[pair.Output].Name))];

    /// <summary>Devices whose state is kept.</summary>
    public int Devices
    {
        get
        {
            lock (_gate)
            {
                return _states.Count;
            }
        }
    }

    /// <summary>Calls of new devices that were refused because too many are kept.</summary>
    public long DevicesRefused => Interlocked.Read(ref _devicesRefused);

    /// <summary>Finds the state of a model; one without any is refused.</summary>
    public static Outcome<SequenceModel> Open(OnnxModel model, SequenceOptions options)
    {
        var pairs = new List<(int Input, int Output)>(options.States.Count == 0 ? StatePairs.Of(model) : []);
        foreach (var (input, output) in options.States)
        {
            var pair = (Input: Find(model.Inputs, input), Output: Find(model.Outputs, output));
            if (pair.Input < 0 || pair.Output < 0 || !StatePairs.Fits(model.Inputs[pair.Input], model.Outputs[pair.Output]))
            {
                return new Refusal("sequence.no_such_state", $"The output '{output}' cannot be the input '{input}' of the next call: one is not there, or their shapes differ.");
            }

            pairs.Add(pair);
        }

        return pairs.Count == 0
            ? new Refusal("sequence.no_state", "No output of the model is an input of its next call. Name the pairs, or run it as a model without state.")
            : new SequenceModel(model, [.. pairs], options);
    }

    /// <summary>Runs the next step of a device: the inputs without state in order; answers the outputs without state in order.</summary>
    public Outcome<Tensor[]> Run(DeviceId device, IReadOnlyList<Tensor> inputs)
    {
        lock (_gate)
        {
            var known = _states.TryGetValue(device, out var state);
            if (!known && _states.Count >= _options.DevicesMax)
            {
                Interlocked.Increment(ref _devicesRefused);
                return new Refusal("sequence.too_many_devices", $"State is kept of {_states.Count} devices; the limit is {_options.DevicesMax}. Forget one, or raise it.");
            }

            if (Refuse(inputs) is { } refusal)
            {
                return refusal;
            }

            if (!Call(inputs, state ?? [.. _pairs.Select(pair => StatePairs.Begin(_model.Inputs[pair.Input]))]).TryGet(out var outputs, out refusal))
            {
                return refusal;
            }

            Tensor[] next = [.. _pairs.Select(pair => outputs[pair.Output])];
            if (RefuseState(next) is { } bad)
            {
                return bad;
            }

            _states[device] = next;
            return Array.ConvertAll(_answered, output => outputs[output]);
        }
    }

    /// <summary>Drops the state of a device; its next call begins anew. False when there was none.</summary>
    public bool Forget(DeviceId device)
    {
        lock (_gate)
        {
            return _states.Remove(device);
        }
    }

    /// <summary>All state, with a checksum; equal state gives equal bytes.</summary>
    public byte[] Save()
    {
        lock (_gate)
        {
            return StateFile.Write(_model.Digest, _states);
        }
    }

    /// <summary>Takes saved state in place of all that is kept; refused whole, and nothing changed, when it is another model's or damaged.</summary>
    public Refusal? Restore(ReadOnlySpan<byte> saved)
    {
        if (!StateFile.Read(_model.Digest, saved).TryGet(out var states, out var refusal))
        {
            return refusal;
        }

        if (states.Count > _options.DevicesMax || states.Values.Any(state => state.Length != _pairs.Length || !_pairs.Zip(state).All(pair => _model.Inputs[pair.First.Input].Takes(pair.Second))))
        {
            return new Refusal("sequence.state_does_not_fit", $"The saved state is of more than {_options.DevicesMax} devices, or does not fit the model's inputs.");
        }

        lock (_gate)
        {
            _states = states;
        }

        return null;
    }

    private static int Find(IReadOnlyList<TensorInfo> tensors, string name) => tensors.ToList().FindIndex(tensor => tensor.Name == name);

    private Refusal? Refuse(IReadOnlyList<Tensor> inputs)
    {
        if (inputs.Count != _given.Length)
        {
            return new Refusal("onnx.wrong_shape", $"The model takes {_given.Length} tensors besides its state; {inputs.Count} are given.");
        }

        for (var i = 0; i < inputs.Count && !_options.TakesMissing; i++)
        {
            if (RowValues.FirstNotFinite(inputs[i]) is >= 0 and var at)
            {
                return new Refusal("onnx.not_finite", $"Value {at} of the input '{_model.Inputs[_given[i]].Name}' is not a finite number.");
            }
        }

        return null;
    }

    private Refusal? RefuseState(Tensor[] state)
    {
        var bytes = state.Sum(tensor => (long)tensor.Bytes.Length);
        if (bytes > _options.StateBytesMax)
        {
            return new Refusal("sequence.state_too_large", $"The state of one device would take {bytes} bytes; the limit is {_options.StateBytesMax}.");
        }

        // A NaN in the state would be in every answer from here on.
        var bad = Array.FindIndex(state, tensor => RowValues.FirstNotFinite(tensor) >= 0);
        return bad < 0 ? null : new Refusal("sequence.state_not_finite", $"The state '{_model.Outputs[_pairs[bad].Output].Name}' would hold a value that is not finite; the one before is kept.");
    }

    private Outcome<Tensor[]> Call(IReadOnlyList<Tensor> inputs, Tensor[] state)
    {
        var all = new Tensor[_model.Inputs.Count];
        for (var i = 0; i < _given.Length; i++)
        {
            all[_given[i]] = inputs[i];
        }

        for (var i = 0; i < _pairs.Length; i++)
        {
            all[_pairs[i].Input] = state[i];
        }

        if (_model.Misfit(all) is { } misfit)
        {
            return misfit;
        }

        try
        {
            return _model.Run(all).ToArray();
        }
        catch (OnnxException failed)
        {
            return new Refusal("onnx.failed", $"The model failed on this call ({failed.Code}). {failed.Message}");
        }
    }
}
