using Pilotage.Learning.Boosting;
using Pilotage.Learning.Export;
using Pilotage.Learning.Onnx;
using Pilotage.Runtime.Inference;

namespace Pilotage.Load.Inference;

/// <summary>What one row through a small model costs, beside the same library called from Node in the same run.</summary>
internal static class InferenceBench
{
    private const int Warm = 2_000;
    private const int Calls = 20_000;
    private const int BatchRows = 64;
    private const int BatchesWarm = 60_000;
    private const int BatchesAtOnce = 100;
    private const int Batches = 20_000;
    private static readonly int[] Layers = [32, 64, 8, 64, 32];

    /// <summary>Measures; <c>--no-peer</c> leaves the peer out.</summary>
    public static async Task<IReadOnlyList<BenchRow>> RunAsync(BenchArguments arguments)
    {
        var bytes = Autoencoder(new Random(7));
        var ours = Measure(bytes);
        var peer = arguments.Get("no-peer", "false") == "true" ? null : await NodePeer.MeasureAsync(bytes, Layers[0], Calls);
        var batched = MeasureBatched(bytes);
        var batchPeer = peer is null ? null : await NodePeer.MeasureAsync(bytes, Layers[0], Batches, BatchRows);
        var name = peer is null ? null : $"onnxruntime-node {peer.Version}";
        var trees = Measure(Trees(new Random(7)));
        return
        [
            new("one row, 32-64-8-64-32 autoencoder, CPU", "us/call", ours.CpuUs, peer?.CpuUs, name, 0.25, 0.15, PromiseOnRatio: true),
            new("  p50", "us", ours.P50Us, peer?.P50Us, name, null, null),
            new("  p99", "us", ours.P99Us, peer?.P99Us, name, null, null),
            new("  allocated", "bytes/call", ours.BytesPerCall, null, null, 0, 0),
            new("64 rows micro-batched, per row, CPU", "us/row", batched.CpuUs, batchPeer?.CpuUs / BatchRows, name is null ? null : $"{name} batch of 64", 0.8, 0.5, PromiseOnRatio: true),
            new("  64 rows given at once, per row, CPU", "us/row", MeasureTogether(bytes), batchPeer?.CpuUs / BatchRows, name is null ? null : $"{name} batch of 64", null, null),
            new("  p50 of a row, waiting included", "us", batched.P50Us, null, null, null, null),
            new("  p99 of a row, waiting included", "us", batched.P99Us, null, null, null, null),
            new("  allocated", "bytes/row", batched.BytesPerCall, null, null, 0, 0),
            new("one row, 300 trees of depth 6, 24 columns, CPU", "us/call", trees.CpuUs, null, null, null, null),
            new("  p99", "us", trees.P99Us, null, null, null, null),
            new("  allocated", "bytes/call", trees.BytesPerCall, null, null, 0, 0),
        ];
    }

    private static Figures Measure(byte[] bytes)
    {
        using var model = OnnxModel.Load(bytes, new OnnxOptions()).Value;
        float[] row = [.. Enumerable.Range(0, model.RowWidth).Select(i => MathF.Sin(i))];
        var answer = new float[model.OutputWidth];
        for (var i = 0; i < Warm; i++)
        {
            model.Run(row, answer);
        }

        var took = new double[Calls];
        var time = TimeProvider.System;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var cpu = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < Calls; i++)
        {
            var start = time.GetTimestamp();
            model.Run(row, answer);
            took[i] = time.GetElapsedTime(start).TotalMicroseconds;
        }

        cpu = Environment.CpuUsage.TotalTime - cpu;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Array.Sort(took);
        return new Figures(cpu.TotalMicroseconds / Calls, took[Calls / 2], took[Calls * 99 / 100], (double)allocated / Calls);
    }

    /// <summary>Rows of 64 devices in turn, each given alone with where its answer goes, latency noted of each.</summary>
    private static Figures MeasureBatched(byte[] bytes)
    {
        using var model = OnnxModel.Load(bytes, new OnnxOptions()).Value;
        var meter = new InferenceMeter("autoencoder", "bench", TimeSpan.FromMilliseconds(10), TimeProvider.System);
        using var batch = new MicroBatch(model, new MicroBatchOptions { RowsMax = BatchRows }, TimeProvider.System, meter);
        float[] row = [.. Enumerable.Range(0, model.RowWidth).Select(i => MathF.Sin(i))];
        var sink = new LastAnswers(new float[BatchRows * model.OutputWidth], model.OutputWidth);
        var given = 0L;
        void Rows(int batches)
        {
            for (var i = 0; i < batches * BatchRows; i++)
            {
                // A timer may run a call when this thread was not given the processor for long; then the queue may be full for a moment.
                while (batch.Add(row, sink, i % BatchRows) is not null)
                {
                    Thread.Yield();
                }
            }

            given += batches * BatchRows;
            while (sink.Count < given)
            {
                Thread.Yield();
            }
        }

        // Long enough for the compiler of the runtime to be done: it counts calls first, and waits between its steps.
        for (var i = 0; i < BatchesWarm / BatchesAtOnce; i++)
        {
            Rows(BatchesAtOnce);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var cpu = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < Batches / BatchesAtOnce; i++)
        {
            Rows(BatchesAtOnce);
        }

        cpu = Environment.CpuUsage.TotalTime - cpu;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (model.RowByRow is { } why)
        {
            throw new InvalidOperationException($"The rows were not batched: {why}");
        }

        var figures = meter.Read();
        const double Rows64 = (double)Batches * BatchRows;
        return new Figures(cpu.TotalMicroseconds / Rows64, figures.LatencyMsP50 * 1000, figures.LatencyMsP99 * 1000, allocated / Rows64);
    }

    /// <summary>The same without putting them together.</summary>
    private static double MeasureTogether(byte[] bytes)
    {
        using var model = OnnxModel.Load(bytes, new OnnxOptions()).Value;
        float[] rows = [.. Enumerable.Range(0, BatchRows * model.RowWidth).Select(i => MathF.Sin(i))];
        var answers = new float[BatchRows * model.OutputWidth];
        for (var i = 0; i < BatchesWarm; i++)
        {
            model.RunRows(rows, answers);
        }

        var cpu = Environment.CpuUsage.TotalTime;
        for (var i = 0; i < Batches; i++)
        {
            model.RunRows(rows, answers);
        }

        return (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / Batches / BatchRows;
    }

    private static byte[] Autoencoder(Random random)
    {
        var columns = Enumerable.Range(0, Layers[0]).Select(i => new ModelColumn($"x{i}", "1")).ToArray();
        var graph = new OnnxGraph("autoencoder")
            .Input(OnnxWriter.Input, TensorType.Float32, -1, Layers[0])
            .Output(OnnxWriter.Output, TensorType.Float32, -1, Layers[^1]);
        var last = OnnxWriter.Input;
        for (var layer = 1; layer < Layers.Length; layer++)
        {
            var (inputs, outputs) = (Layers[layer - 1], Layers[layer]);
            float[] weights = [.. Enumerable.Range(0, inputs * outputs).Select(_ => (float)((random.NextDouble() - 0.5) / Math.Sqrt(inputs)))];
            var end = layer == Layers.Length - 1;
            graph.Constant($"w{layer}", Tensor.Of(weights, inputs, outputs))
                .Constant($"b{layer}", new Tensor(TensorType.Float32, outputs))
                .Node("Gemm", [last, $"w{layer}", $"b{layer}"], [end ? OnnxWriter.Output : $"g{layer}"]);
            if (!end)
            {
                graph.Node("Relu", [$"g{layer}"], [$"r{layer}"]);
                last = $"r{layer}";
            }
        }

        return OnnxWriter.Model(graph, new ModelProperties("autoencoder", "1", columns, columns));
    }

    private static byte[] Trees(Random random)
    {
        const int Columns = 24;
        const int Depth = 6;
        const int Inner = (1 << Depth) - 1;
        TreeNode Node(int at) => at < Inner
            ? new TreeNode(random.Next(Columns), (float)random.NextDouble(), (2 * at) + 1, (2 * at) + 2, true, 0)
            : new TreeNode(-1, 0, -1, -1, false, (float)random.NextDouble());
        TreeNode[] Tree() => [.. Enumerable.Range(0, (2 * Inner) + 1).Select(Node)];
        var trees = new BoostedTrees(Columns, 0, [.. Enumerable.Range(0, 300).Select(_ => Tree())]);
        ModelColumn[] columns = [.. Enumerable.Range(0, Columns).Select(i => new ModelColumn($"x{i}", "1"))];
        return OnnxWriter.TreeEnsemble(trees, new ModelProperties("trees", "1", columns, [new("y", "1")]));
    }

    private sealed class LastAnswers(float[] answers, int width) : IRowSink
    {
        private long _count;

        public long Count => Volatile.Read(ref _count);

        public void Answered(long tag, ReadOnlySpan<float> outputs, TimeSpan queued)
        {
            outputs.CopyTo(answers.AsSpan((int)tag * width));
            Volatile.Write(ref _count, _count + 1);
        }

        public void Failed(long tag, string reason) => throw new InvalidOperationException(reason);
    }

    private sealed record Figures(double CpuUs, double P50Us, double P99Us, double BytesPerCall);
}
