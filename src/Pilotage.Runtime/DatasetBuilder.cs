using Pilotage.Core;
using Pilotage.Streams;

namespace Pilotage.Runtime;

/// <summary>Runs a pipeline's text over stored rows and keeps what one of its models would have been asked.</summary>
/// <remarks>
/// The very operators of the live run, fed in the order in which the rows were stored, so a feature of the data set is
/// bit for bit the feature the model saw or will see. Windows still open at the end are not closed: the live run would
/// not have either.
/// </remarks>
public sealed class DatasetBuilder : IFeatureSink
{
    private readonly FeatureMatrix _matrix;
    private readonly int _rowsMax;

    private DatasetBuilder(FeatureMatrix matrix, int rowsMax) => (_matrix, _rowsMax) = (matrix, rowsMax);

    /// <summary>Builds the matrix of a model's inputs; the models before it in the pipeline are asked and must be
    /// given.</summary>
    public static Outcome<FeatureMatrix> Build(
        PipelinePlan plan,
        string model,
        IReadOnlyDictionary<string, IModelInvoker> upstream,
        IEnumerable<SourceRow> rows,
        TimeProvider time,
        int rowsMax = 20_000_000)
    {
        var schema = plan.Models.FirstOrDefault(known => known.Name == model);
        if (schema is null)
        {
            return new Refusal("pipeline.model_not_used", $"The pipeline does not ask a model called {model}.");
        }

        var builder = new DatasetBuilder(new(schema.Inputs), rowsMax);
        return Dataflow.StartFeatures(plan, model, upstream, builder, time).Then(flow => builder.Fill(flow, rows));
    }

    /// <inheritdoc/>
    public void Features(DeviceId device, long tsNs, ReadOnlySpan<float> features, long inputId) =>
        _matrix.Add(device, tsNs, features);

    /// <inheritdoc/>
    public void Rejected(DeviceId device, long tsNs, long inputId) => _matrix.Rejected++;

    private Outcome<FeatureMatrix> Fill(Dataflow flow, IEnumerable<SourceRow> rows)
    {
        foreach (var row in rows)
        {
            flow.Push(row.Source, row.Device, row.TimeNs, row.Values.Span, inputId: 0);
            if (_matrix.Rows > _rowsMax)
            {
                return new Refusal("dataset.too_many_rows", $"The data set has more than {_rowsMax} rows; narrow its span or its devices.");
            }
        }

        var counters = flow.Counters;
        _matrix.Dropped = counters.Late + counters.Duplicates + counters.OutOfRange + counters.DevicesRefused;
        return _matrix;
    }
}
