namespace Pilotage.Learning.Onnx;

/// <summary>A loaded model failed while running, or was stopped.</summary>
public sealed class OnnxException(OrtErrorCode code, string message) : Exception(message)
{
    /// <summary>ONNX Runtime's own class of the failure.</summary>
    public OrtErrorCode Code { get; } = code;
}
