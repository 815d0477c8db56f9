using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;

namespace Pilotage.Tests.Learning;

/// <summary>A folder of models with published cases, in the layouts others keep them in.</summary>
internal sealed class CaseFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("pilotage-cases-").FullName;

    public string Write(string name, byte[] bytes)
    {
        var file = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, bytes);
        return file;
    }

    public void Proto(string name, string tensor, Tensor value) => Write(name, OnnxGraph.Message(tensor, value).Written.ToArray());

    public void Npz(string name, params (string Name, byte[] Npy)[] arrays)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (array, npy) in arrays)
            {
                using var entry = zip.CreateEntry($"{array}.npy").Open();
                entry.Write(npy);
            }
        }

        Write(name, bytes.ToArray());
    }

    public static byte[] Npy(string described, string shape, ReadOnlySpan<byte> data)
    {
        var header = Encoding.ASCII.GetBytes($"{{'descr': '{described}', 'fortran_order': False, 'shape': ({shape}), }}\n");
        var length = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)header.Length);
        return [0x93, .. "NUMPY"u8, 1, 0, .. length, .. header, .. data];
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
