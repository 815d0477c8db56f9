using Pilotage.Core;

namespace Pilotage.Streams;

/// <summary>Where a running pipeline puts what it found. Called on the pushing thread, in order; spans are valid during
/// the call only.</summary>
/// <remarks><c>inputId</c> is the id given with the row that caused the output, so that a redelivered input yields the
/// same (id, output) pair.</remarks>
public interface IPipelineSink
{
    /// <summary>The condition of an <c>INSERT INTO alerts</c> became true for a device that had no such
    /// alert; the score is NaN when there is none.</summary>
    void AlertRaised(DeviceId device, long tsNs, string kind, double score, long inputId);

    /// <summary>A raised alert ended under the hysteresis of the statement; <paramref name="score"/> is NaN when there
    /// is none.</summary>
    void AlertCleared(DeviceId device, long tsNs, string kind, double score, long inputId);

    /// <summary>One row for a series target, values in the order of <see cref="PipelineTarget.Columns"/>, NaN for
    /// NULL.</summary>
    void Row(string target, DeviceId device, long tsNs, ReadOnlySpan<double> values, long inputId);

    /// <summary>A model answered.</summary>
    void Inference(string model, DeviceId device, long tsNs, ReadOnlySpan<float> outputs, long inputId, TimeSpan elapsed);
}
