using System.Runtime.InteropServices;

namespace Pilotage.Learning.Onnx;

/// <summary>The functions of ONNX Runtime's C API that are used here, each by its place in the table of pointers.</summary>
/// <remarks>
/// The places are those of <c>ort_api_1_to_17</c> in onnxruntime/core/session/onnxruntime_c_api.cc; shipped entries are
/// never reordered, so a newer library answers version 17 with the same places. Invariant of every call below: pointers
/// passed in live at least as long as the call (locals, pinned buffers), and every status is given to <see cref="Check"/>.
/// </remarks>
internal sealed unsafe class OrtApi(nint table)
{
    /// <summary>Asked for by number: one too new makes GetApi answer null, so this is the oldest that has all we call.</summary>
    public const uint Version = 17;

    private readonly nint* _table = (nint*)table;

    public delegate* unmanaged<int, byte*, nint*, nint> CreateEnv =>
        (delegate* unmanaged<int, byte*, nint*, nint>)_table[3];

    public delegate* unmanaged<nint, nint> DisableTelemetryEvents => (delegate* unmanaged<nint, nint>)_table[6];

    public delegate* unmanaged<nint, void*, nuint, nint, nint*, nint> CreateSessionFromArray =>
        (delegate* unmanaged<nint, void*, nuint, nint, nint*, nint>)_table[8];

    public delegate* unmanaged<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, nint> Run =>
        (delegate* unmanaged<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, nint>)_table[9];

    public delegate* unmanaged<nint*, nint> CreateSessionOptions => (delegate* unmanaged<nint*, nint>)_table[10];

    public delegate* unmanaged<nint, nint> DisableMemPattern => (delegate* unmanaged<nint, nint>)_table[17];

    public delegate* unmanaged<nint, nint> DisableCpuMemArena => (delegate* unmanaged<nint, nint>)_table[19];

    public delegate* unmanaged<nint, int, nint> SetIntraOpNumThreads => (delegate* unmanaged<nint, int, nint>)_table[24];

    public delegate* unmanaged<nint, int, nint> SetInterOpNumThreads => (delegate* unmanaged<nint, int, nint>)_table[25];

    public delegate* unmanaged<nint, nuint*, nint> SessionGetInputCount =>
        (delegate* unmanaged<nint, nuint*, nint>)_table[30];

    public delegate* unmanaged<nint, nuint*, nint> SessionGetOutputCount =>
        (delegate* unmanaged<nint, nuint*, nint>)_table[31];

    public delegate* unmanaged<nint, nuint, nint*, nint> SessionGetInputTypeInfo =>
        (delegate* unmanaged<nint, nuint, nint*, nint>)_table[33];

    public delegate* unmanaged<nint, nuint, nint*, nint> SessionGetOutputTypeInfo =>
        (delegate* unmanaged<nint, nuint, nint*, nint>)_table[34];

    public delegate* unmanaged<nint, nuint, nint, byte**, nint> SessionGetInputName =>
        (delegate* unmanaged<nint, nuint, nint, byte**, nint>)_table[36];

    public delegate* unmanaged<nint, nuint, nint, byte**, nint> SessionGetOutputName =>
        (delegate* unmanaged<nint, nuint, nint, byte**, nint>)_table[37];

    public delegate* unmanaged<nint*, nint> CreateRunOptions => (delegate* unmanaged<nint*, nint>)_table[39];

    public delegate* unmanaged<nint, nint> RunOptionsSetTerminate => (delegate* unmanaged<nint, nint>)_table[46];

    public delegate* unmanaged<nint, long*, nuint, int, nint*, nint> CreateTensorAsOrtValue =>
        (delegate* unmanaged<nint, long*, nuint, int, nint*, nint>)_table[48];

    public delegate* unmanaged<nint, void*, nuint, long*, nuint, int, nint*, nint> CreateTensorWithDataAsOrtValue =>
        (delegate* unmanaged<nint, void*, nuint, long*, nuint, int, nint*, nint>)_table[49];

    public delegate* unmanaged<nint, int*, nint> IsTensor => (delegate* unmanaged<nint, int*, nint>)_table[50];

    public delegate* unmanaged<nint, void**, nint> GetTensorMutableData =>
        (delegate* unmanaged<nint, void**, nint>)_table[51];

    public delegate* unmanaged<nint, byte**, nuint, nint> FillStringTensor =>
        (delegate* unmanaged<nint, byte**, nuint, nint>)_table[52];

    public delegate* unmanaged<nint, nuint*, nint> GetStringTensorDataLength =>
        (delegate* unmanaged<nint, nuint*, nint>)_table[53];

    public delegate* unmanaged<nint, void*, nuint, nuint*, nuint, nint> GetStringTensorContent =>
        (delegate* unmanaged<nint, void*, nuint, nuint*, nuint, nint>)_table[54];

    /// <summary>The result is part of its argument and is not released.</summary>
    public delegate* unmanaged<nint, nint*, nint> CastTypeInfoToTensorInfo =>
        (delegate* unmanaged<nint, nint*, nint>)_table[55];

    public delegate* unmanaged<nint, int*, nint> GetTensorElementType => (delegate* unmanaged<nint, int*, nint>)_table[60];

    public delegate* unmanaged<nint, nuint*, nint> GetDimensionsCount => (delegate* unmanaged<nint, nuint*, nint>)_table[61];

    public delegate* unmanaged<nint, long*, nuint, nint> GetDimensions =>
        (delegate* unmanaged<nint, long*, nuint, nint>)_table[62];

    public delegate* unmanaged<nint, nint*, nint> GetTensorTypeAndShape => (delegate* unmanaged<nint, nint*, nint>)_table[65];

    public delegate* unmanaged<int, int, nint*, nint> CreateCpuMemoryInfo =>
        (delegate* unmanaged<int, int, nint*, nint>)_table[69];

    public delegate* unmanaged<nint, void*, nint> AllocatorFree => (delegate* unmanaged<nint, void*, nint>)_table[76];

    /// <summary>The result belongs to the library and is not released.</summary>
    public delegate* unmanaged<nint*, nint> GetAllocatorWithDefaultOptions => (delegate* unmanaged<nint*, nint>)_table[78];

    public delegate* unmanaged<nint, void> ReleaseSession => (delegate* unmanaged<nint, void>)_table[95];

    public delegate* unmanaged<nint, void> ReleaseValue => (delegate* unmanaged<nint, void>)_table[96];

    public delegate* unmanaged<nint, void> ReleaseRunOptions => (delegate* unmanaged<nint, void>)_table[97];

    public delegate* unmanaged<nint, void> ReleaseTypeInfo => (delegate* unmanaged<nint, void>)_table[98];

    public delegate* unmanaged<nint, void> ReleaseTensorTypeAndShapeInfo => (delegate* unmanaged<nint, void>)_table[99];

    public delegate* unmanaged<nint, void> ReleaseSessionOptions => (delegate* unmanaged<nint, void>)_table[100];

    public delegate* unmanaged<nint, nint*, nint> SessionGetModelMetadata =>
        (delegate* unmanaged<nint, nint*, nint>)_table[111];

    public delegate* unmanaged<nint, nint, byte**, nint> ModelMetadataGetProducerName =>
        (delegate* unmanaged<nint, nint, byte**, nint>)_table[112];

    public delegate* unmanaged<nint, nint, byte*, byte**, nint> ModelMetadataLookupCustomMetadataMap =>
        (delegate* unmanaged<nint, nint, byte*, byte**, nint>)_table[116];

    public delegate* unmanaged<nint, long*, nint> ModelMetadataGetVersion => (delegate* unmanaged<nint, long*, nint>)_table[117];

    public delegate* unmanaged<nint, void> ReleaseModelMetadata => (delegate* unmanaged<nint, void>)_table[118];

    public delegate* unmanaged<nint, nint, byte***, long*, nint> ModelMetadataGetCustomMetadataMapKeys =>
        (delegate* unmanaged<nint, nint, byte***, long*, nint>)_table[123];

    public delegate* unmanaged<nint, nint, nint, nint> RunWithBinding =>
        (delegate* unmanaged<nint, nint, nint, nint>)_table[133];

    public delegate* unmanaged<nint, nint*, nint> CreateIoBinding => (delegate* unmanaged<nint, nint*, nint>)_table[134];

    public delegate* unmanaged<nint, void> ReleaseIoBinding => (delegate* unmanaged<nint, void>)_table[135];

    public delegate* unmanaged<nint, byte*, nint, nint> BindInput => (delegate* unmanaged<nint, byte*, nint, nint>)_table[136];

    public delegate* unmanaged<nint, byte*, nint, nint> BindOutput => (delegate* unmanaged<nint, byte*, nint, nint>)_table[137];

    private delegate* unmanaged<nint, int> GetErrorCode => (delegate* unmanaged<nint, int>)_table[1];

    private delegate* unmanaged<nint, byte*> GetErrorMessage => (delegate* unmanaged<nint, byte*>)_table[2];

    private delegate* unmanaged<nint, void> ReleaseStatus => (delegate* unmanaged<nint, void>)_table[93];

    /// <summary>Throws what a call answered; null means success. Releases the status in either case.</summary>
    public void Check(nint status)
    {
        if (status != 0)
        {
            Throw(status);
        }
    }

    private void Throw(nint status)
    {
        var code = (OrtErrorCode)GetErrorCode(status);
        var message = Marshal.PtrToStringUTF8((nint)GetErrorMessage(status)) ?? "";
        ReleaseStatus(status);
        throw new OnnxException(code, message.Trim());
    }
}
