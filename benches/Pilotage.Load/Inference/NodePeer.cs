using System.Text.Json;

namespace Pilotage.Load.Inference;

/// <summary>onnxruntime-node, installed from the very lock file our library comes from, under artifacts/.</summary>
internal static class NodePeer
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The peer's figures, or null with the reason on standard error when Node or npm is missing.</summary>
    public static async Task<PeerFigures?> MeasureAsync(byte[] model, int columns, int calls, int rows = 1)
    {
        var root = BenchTools.Root;
        var folder = BenchTools.Folder("onnx-peer");
        await File.WriteAllBytesAsync(Path.Combine(folder, "model.onnx"), model);
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "onnxruntime-node")))
        {
            foreach (var file in new[] { "package.json", "package-lock.json", ".npmrc" })
            {
                File.Copy(Path.Combine(root, "eng", "native", file), Path.Combine(folder, file), overwrite: true);
            }

            await Console.Error.WriteLineAsync("bench: installing onnxruntime-node, the peer ...");
            if (await BenchTools.RunAsync(folder, "npm", "ci", "--ignore-scripts", "--prefer-offline", "--loglevel=error") is null)
            {
                return null;
            }
        }

        var script = Path.Combine(root, "benches", "peers", "onnx", "bench.mjs");
        var output = await BenchTools.RunAsync(folder, "node", script, "model.onnx", $"{columns}", $"{calls}", $"{rows}");
        return output is null ? null : JsonSerializer.Deserialize<PeerFigures>(output, Json);
    }

    /// <summary>What the script prints.</summary>
    internal sealed record PeerFigures(string Version, double CpuUs, double P50Us, double P99Us);
}
