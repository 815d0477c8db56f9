using Pilotage.Core;

namespace Pilotage.Streams;

/// <summary>Collects what one model of a pipeline would be asked, row by row; the span is valid during the call
/// only.</summary>
public interface IFeatureSink
{
    /// <summary>One row of inputs, exactly the floats the model would be given.</summary>
    void Features(DeviceId device, long tsNs, ReadOnlySpan<float> features, long inputId);

    /// <summary>A row for which the model would not have been asked, because an input is NULL.</summary>
    void Rejected(DeviceId device, long tsNs, long inputId);
}
