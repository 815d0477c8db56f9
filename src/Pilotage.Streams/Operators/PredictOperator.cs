using Pilotage.Streams.Expressions;
using Pilotage.Streams.Planning;

namespace Pilotage.Streams.Operators;

/// <summary>Gathers the inputs of a model from a row; NULLs are judged by the model's own rule.</summary>
internal sealed class FeatureReader(PredictNode node)
{
    private readonly Scalar[] _features = [.. node.Features];
    private readonly bool _rejects = node.Model.Missing == MissingInputs.Reject;
    private readonly float[] _values = new float[node.Features.Count];

    public ReadOnlySpan<float> Values => _values;

    /// <summary>Fills <see cref="Values"/>; false when an input is NULL and the model does not take that.</summary>
    public bool TryRead(in RowHead head, ReadOnlySpan<double> row)
    {
        for (var i = 0; i < _features.Length; i++)
        {
            // A number beyond the range of a float is as good as missing.
            var value = (float)_features[i].Evaluate(head, row);
            _values[i] = float.IsFinite(value) ? value : float.NaN;
            if (_rejects && float.IsNaN(_values[i]))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>Asks a model about each row and adds its outputs; they are NULL where it was not asked.</summary>
internal sealed class PredictOperator(PredictNode node, IModelInvoker model, RunContext context) : Operator
{
    private readonly FeatureReader _features = new(node);
    private readonly float[] _outputs = new float[node.Model.Outputs.Count];
    private readonly double[] _row = new double[node.Schema.Slots];
    private readonly int _firstOutput = node.Schema.Slots - node.Model.Outputs.Count;

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        row[.._firstOutput].CopyTo(_row);
        if (_features.TryRead(head, row))
        {
            Ask(head);
        }
        else
        {
            context.InferencesRejected++;
            _row.AsSpan(_firstOutput).Fill(Scalar.Null);
        }

        Emit(head, _row);
    }

    private void Ask(in RowHead head)
    {
        var started = context.Time.GetTimestamp();
        model.Invoke(_features.Values, _outputs);
        var elapsed = context.Time.GetElapsedTime(started);
        context.Inferences++;
        for (var i = 0; i < _outputs.Length; i++)
        {
            _row[_firstOutput + i] = Scalar.Finite(_outputs[i]);
        }

        context.Sink.Inference(
            node.Model.Name, context.Device(head.Device), head.TimeNs, _outputs, head.InputId, elapsed);
    }
}

/// <summary>Gives what a model would be asked to somebody who collects it, instead of asking.</summary>
internal sealed class FeatureOperator(PredictNode node, IFeatureSink features, RunContext context) : Operator
{
    private readonly FeatureReader _features = new(node);

    public override void Push(in RowHead head, ReadOnlySpan<double> row)
    {
        if (_features.TryRead(head, row))
        {
            features.Features(context.Device(head.Device), head.TimeNs, _features.Values, head.InputId);
        }
        else
        {
            features.Rejected(context.Device(head.Device), head.TimeNs, head.InputId);
        }
    }
}
