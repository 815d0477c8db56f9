using System.ComponentModel.DataAnnotations;

namespace Pilotage.Learning.Onnx;

/// <summary>How a model is loaded; the defaults suit one small model among many on an edge.</summary>
public sealed record OnnxOptions
{
    /// <summary>Largest model accepted, in bytes; protobuf itself ends at 2 GiB.</summary>
    [Range(1024, int.MaxValue)]
    public int ModelBytesMax { get; init; } = 256 * 1024 * 1024;

    /// <summary>Threads inside one call. With one, no pool is made and nothing spins.</summary>
    [Range(1, 256)]
    public int Threads { get; init; } = 1;

    /// <summary>Most elements one row may hold, inputs and outputs each; bounds the buffers bound at load.</summary>
    [Range(1, 64 * 1024 * 1024)]
    public int RowElementsMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>Most rows in one call of the library; more are taken in several. Their buffers are made at the first call with more than one row.</summary>
    [Range(1, 4096)]
    public int BatchRowsMax { get; init; } = 64;
}
