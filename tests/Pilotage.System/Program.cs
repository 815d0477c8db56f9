using Pilotage.Learning.Onnx;
using Pilotage.System.Edge;
using Pilotage.System.Gateway;
using Pilotage.System.Server;
using Pilotage.System.Store;

namespace Pilotage.System;

/// <summary>The test assembly as a program: tests start it as a child they can kill.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["store-writer", var path, var first, .. var flags]:
                await StoreWriter.RunAsync(path, long.Parse(first), flags.Contains("--no-sync"));
                return 0;
            case ["gateway", var path, .. var flags]:
                await GatewayProcess.RunAsync(path, flags.Contains("--no-sync"), flags);
                return 0;
            case ["queue-publisher", var folder, var port, var first]:
                await QueuePublisher.RunAsync(folder, int.Parse(port), int.Parse(first));
                return 0;
            case ["gateway-for-peers", var folder, var transport, var port]:
                await GatewayProcess.RunForPeersAsync(folder, transport, int.Parse(port));
                return 0;
            case ["server", var path]:
                return await EdgeProcesses.ServerAsync(path);
            case ["server-unsynced", var path]:
                return await InProcessServer.UnsyncedAsync(path);
            case ["onnx"]:
                return OnnxRuntime.Get().IsOk ? 0 : 1;
            case ["edge", "worker"]:
                return await EdgeProcesses.WorkerAsync();
            case ["edge", var path, var server, var mqttsPort, var code]:
                return await EdgeProcesses.EdgeAsync(path, server, mqttsPort, code);
            default:
                await Console.Error.WriteLineAsync("usage: store-writer PATH FIRST [--no-sync] | gateway PATH [--no-sync]");
                return 2;
        }
    }
}
