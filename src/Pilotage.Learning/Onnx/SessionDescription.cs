using System.Text;

namespace Pilotage.Learning.Onnx;

/// <summary>Reads out of a session what its model says about itself.</summary>
internal sealed unsafe class SessionDescription(OnnxRuntime runtime, nint session)
{
    private readonly OrtApi _api = runtime.Api;

    public IReadOnlyList<TensorInfo> Inputs() =>
        Read(_api.SessionGetInputCount, _api.SessionGetInputName, _api.SessionGetInputTypeInfo);

    public IReadOnlyList<TensorInfo> Outputs() =>
        Read(_api.SessionGetOutputCount, _api.SessionGetOutputName, _api.SessionGetOutputTypeInfo);

    public (string Producer, long Version, IReadOnlyDictionary<string, string> Properties) Metadata()
    {
        nint metadata;
        _api.Check(_api.SessionGetModelMetadata(session, &metadata));
        try
        {
            byte* producer;
            long version;
            _api.Check(_api.ModelMetadataGetProducerName(metadata, runtime.Allocator, &producer));
            _api.Check(_api.ModelMetadataGetVersion(metadata, &version));
            return (runtime.Take(producer), version, Properties(metadata));
        }
        finally
        {
            _api.ReleaseModelMetadata(metadata);
        }
    }

    /// <summary>Type and dimensions out of a shape handle, which stays the caller's.</summary>
    public static (TensorType Type, long[] Dimensions) Shape(OrtApi api, nint shape)
    {
        int type;
        nuint count;
        api.Check(api.GetTensorElementType(shape, &type));
        api.Check(api.GetDimensionsCount(shape, &count));
        var dimensions = new long[count];
        fixed (long* into = dimensions)
        {
            api.Check(api.GetDimensions(shape, into, count));
        }

        return (TensorTypes.Of(type), dimensions);
    }

    private Dictionary<string, string> Properties(nint metadata)
    {
        byte** keys;
        long count;
        _api.Check(_api.ModelMetadataGetCustomMetadataMapKeys(metadata, runtime.Allocator, &keys, &count));
        var properties = new Dictionary<string, string>((int)count, StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var key = runtime.Take(keys[i]);
            byte* value;
            fixed (byte* name = Encoding.UTF8.GetBytes(key + '\0'))
            {
                _api.Check(_api.ModelMetadataLookupCustomMetadataMap(metadata, runtime.Allocator, name, &value));
            }

            properties[key] = runtime.Take(value);
        }

        if (count > 0)
        {
            runtime.Free(keys);
        }

        return properties;
    }

    private TensorInfo[] Read(
        delegate* unmanaged<nint, nuint*, nint> getCount,
        delegate* unmanaged<nint, nuint, nint, byte**, nint> getName,
        delegate* unmanaged<nint, nuint, nint*, nint> getType)
    {
        nuint count;
        _api.Check(getCount(session, &count));
        var tensors = new TensorInfo[count];
        for (nuint i = 0; i < count; i++)
        {
            byte* name;
            nint type;
            _api.Check(getName(session, i, runtime.Allocator, &name));
            var text = runtime.Take(name);
            _api.Check(getType(session, i, &type));
            try
            {
                tensors[i] = Describe(text, type);
            }
            finally
            {
                _api.ReleaseTypeInfo(type);
            }
        }

        return tensors;
    }

    private TensorInfo Describe(string name, nint type)
    {
        nint shape;
        _api.Check(_api.CastTypeInfoToTensorInfo(type, &shape));
        if (shape == 0)
        {
            return new TensorInfo(name, TensorType.Other, []);
        }

        var (element, dimensions) = Shape(_api, shape);
        return new TensorInfo(name, element, dimensions);
    }
}
