using System.Diagnostics;
using System.Runtime.InteropServices;
using Pilotage.Core;

namespace Pilotage.Learning.Onnx;

/// <summary>ONNX Runtime in this process: its library, found once, and the one environment all models share.</summary>
/// <remarks>
/// The environment is made at first use with telemetry off and lives as long as the process: releasing and making it
/// again is what the library supports least. It says nothing on stderr; every failure comes back as a status.
/// </remarks>
public sealed unsafe partial class OnnxRuntime
{
    private const string LibraryName = "libonnxruntime.so.1";
    private const int LogFatal = 4;
    private const int DeviceAllocator = 0;
    private const int MemoryDefault = 0;
    private static readonly Lazy<Outcome<OnnxRuntime>> Shared = new(() => Open(AppContext.BaseDirectory));

    private OnnxRuntime(OrtApi api, string version)
    {
        Api = api;
        Version = version;
        nint environment, memory, allocator;
        fixed (byte* name = "pilotage"u8)
        {
            api.Check(api.CreateEnv(LogFatal, name, &environment));
        }

        api.Check(api.DisableTelemetryEvents(environment));
        api.Check(api.CreateCpuMemoryInfo(DeviceAllocator, MemoryDefault, &memory));
        api.Check(api.GetAllocatorWithDefaultOptions(&allocator));
        Environment = environment;
        Memory = memory;
        Allocator = allocator;
    }

    /// <summary>The library's version, for example <c>1.30.0</c>.</summary>
    public string Version { get; }

    internal OrtApi Api { get; }

    internal nint Environment { get; }

    internal nint Memory { get; }

    internal nint Allocator { get; }

    /// <summary>The runtime of this process, or why there is none. Safe from any thread.</summary>
    public static Outcome<OnnxRuntime> Get() => Shared.Value;

    /// <summary>Loads the library out of a folder; other folders are never searched, so nobody can slip in another.</summary>
    internal static Outcome<OnnxRuntime> Open(string folder)
    {
        // The published library reports its use to its maker from the moment it is loaded, unless this is set before; .NET's own
        // setter keeps to itself what it is told.
        _ = SetEnvironment("ORT_DISABLE_TELEMETRY", "1", 1);
        var path = Path.Combine(folder, LibraryName);
        if (!NativeLibrary.TryLoad(path, out var library)
            || !NativeLibrary.TryGetExport(library, "OrtGetApiBase", out var entry))
        {
            return new Refusal("onnx.library_missing", $"{path} is missing or no ONNX Runtime; it lies beside every build and release, so install again.");
        }

        // OrtApiBase is two pointers: GetApi(version) and GetVersionString().
        var apiBase = ((delegate* unmanaged<nint*>)entry)();
        var table = ((delegate* unmanaged<uint, nint>)apiBase[0])(OrtApi.Version);
        var version = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)apiBase[1])()) ?? "?";
        if (table == 0)
        {
            return new Refusal("onnx.library_too_old", $"{path} is ONNX Runtime {version}; version 1.{OrtApi.Version} or newer is needed.");
        }

        return new OnnxRuntime(new OrtApi(table), version);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    /// <summary>Copies a string the library allocated and frees it.</summary>
    internal string Take(byte* text)
    {
        Debug.Assert(text is not null, "The library answers an empty string, never null.");
        var copy = Marshal.PtrToStringUTF8((nint)text) ?? "";
        Free(text);
        return copy;
    }

    /// <summary>Frees what the library allocated with its default allocator.</summary>
    internal void Free(void* memory) => Api.Check(Api.AllocatorFree(Allocator, memory));
}
