namespace Pilotage.Runtime.Inference;

/// <summary>Takes the answers of rows that were given to a <see cref="MicroBatch"/>.</summary>
/// <remarks>Called on the thread that ran the batch: another caller's, or a timer's. It must be short and must not throw.</remarks>
public interface IRowSink
{
    /// <summary>The answer to a row; the span is only good during the call.</summary>
    /// <param name="tag">What the row was given with.</param>
    /// <param name="outputs">The answer.</param>
    /// <param name="queued">How long the row waited for others.</param>
    void Answered(long tag, ReadOnlySpan<float> outputs, TimeSpan queued);

    /// <summary>The model failed on this row, was stopped, or the batch was disposed before its turn came.</summary>
    void Failed(long tag, string reason);
}
