namespace Pilotage.Streams;

/// <summary>A model as the pipeline sees it: one row in, one row out, synchronously and without allocating.</summary>
public interface IModelInvoker
{
    /// <summary>Computes the outputs of one row; both spans are as long as the model's schema says.</summary>
    void Invoke(ReadOnlySpan<float> inputs, Span<float> outputs);
}
